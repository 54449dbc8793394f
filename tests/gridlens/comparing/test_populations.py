"""Populations: seeds of one recipe are only seeds, a planted leaning of a recipe is found, few agents claim nothing."""

import pytest

from core.errors import BadInput, UnknownName, Unreadable
from core.runs import running
from gridlens.comparing.asked import Settings, members
from gridlens.comparing.populations import compare_populations
from gridlens.comparing.populations.groups import populations

ASKED = Settings(levels=40, samples=100, mazes=1)
pytestmark = pytest.mark.usefixtures("few_concepts")
UP, RIGHT = 0, 3


def compared(tmp_path, *texts, asked=ASKED):
    return compare_populations(members([str(text) for text in texts]), asked, out=tmp_path / "page")


def table(report):
    section = next(one for one in report.evidence if one.title == "What was tested")
    return {row[0]: row for row in section.tables[0].rows}


def test_a_leaning_of_a_recipe_is_found_and_is_not_the_seeds(made_sweep, tmp_path):
    sweep = made_sweep(tmp_path / "lean", {1: [UP] * 5, 5: [RIGHT] * 5})
    report = compared(tmp_path, sweep)
    assert report.title == "Agents of rand_region=1 and rand_region=5"
    text = next(one for one in report.evidence if one.title == "How much only the seed does").text
    assert "more than handing out agents anew gives (p 0.008)" in text
    choices = report.evidence[2].figures[0]
    pairs = (
        [(*list(row.values())[:2], row["value"]) for row in choices.rows] if len(choices.rows[0]) == 3 else []
    )
    within = [value for one, other, value in pairs if one[0] == other[0]]
    across = [value for one, other, value in pairs if one[0] != other[0]]
    assert max(within) < min(across)


@pytest.mark.slow
def test_seeds_alone_are_no_difference(made_sweep, tmp_path):
    sweep = made_sweep(tmp_path / "same", {1: [None] * 4, 5: [None] * 4})
    report = compared(tmp_path, sweep)
    assert report.finding.startswith("There is no difference that these data can show between the recipes")
    assert not any(str(row[-1]).endswith("*") for row in table(report).values())


def test_one_recipe_alone_says_how_much_the_seed_does(made_sweep, tmp_path):
    report = compared(tmp_path, made_sweep(tmp_path / "alone", {1: [None, UP, RIGHT]}))
    assert report.finding.startswith("Seed alone moves it from")
    assert "over 3 agents trained alike" in report.finding
    assert [one.title for one in report.evidence][-1] == "How much only the seed does"
    assert any("Only 3 agents" in caveat for caveat in report.caveats)


@pytest.mark.slow
def test_two_sweeps_stand_beside_each_other_and_three_seeds_can_show_nothing(made_sweep, tmp_path):
    one, other = made_sweep(tmp_path / "a", {1: [UP] * 3}), made_sweep(tmp_path / "b", {5: [RIGHT] * 3})
    report = compared(tmp_path, one, other)
    assert report.title == "Agents of a and b"
    assert (
        "nor could any be with so few agents (the smallest p-value they can have is 0.10)" in report.finding
    )
    assert any("train more seeds" in caveat for caveat in report.caveats)


def test_bad_input_is_one_sentence(made_sweep, tmp_path):
    with pytest.raises(BadInput, match="one trained agent; a population needs at least 2"):
        compared(tmp_path, made_sweep(tmp_path / "single", {1: [None]}))
    seven = made_sweep(tmp_path / "many", {region: [None] for region in (1, 2, 3, 4, 5, 6, 7)})
    with pytest.raises(
        BadInput, match="7 recipes are too many for one page; choose at most 6 with --recipes"
    ):
        populations(members([str(seven)]))
    with pytest.raises(UnknownName, match="rand_region=7"):
        populations(members([str(seven)]), ["rand_region=8"])
    with running(tmp_path / "empty", kind="sweep", parameters={}):
        pass
    with pytest.raises(Unreadable, match="no trained agent"):
        populations(members([str(tmp_path / "empty")]))


def test_recipes_with_a_single_agent_are_left_out_and_told(made_sweep, tmp_path):
    sweep = made_sweep(tmp_path / "mixed", {1: [None, None], 5: [None]})
    found, left = populations(members([str(sweep)]))
    assert [each.name for each in found] == ["rand_region=1"]
    assert left.alone == ("rand_region=5",)
