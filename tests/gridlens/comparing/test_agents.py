"""Agents on one page: itself differs in nothing, a planted leaning is found, seeds are told from recipes; bad input."""

import pytest

from core.artifacts import read_json
from core.errors import BadInput, UnknownName
from gridlens.comparing.agents import compare_agents
from gridlens.comparing.asked import Settings, members
from reports.html import page as as_html
from reports.sections import figures_of

ASKED = Settings(levels=40, samples=100, mazes=1)
pytestmark = pytest.mark.usefixtures("few_concepts")


def compared(tmp_path, *texts, asked=ASKED):
    return compare_agents(members([str(text) for text in texts]), asked, out=tmp_path / "page")


def section(report, title):
    return next(one for one in report.evidence if one.title == title)


def test_an_agent_beside_itself_differs_in_nothing(made_agent, tmp_path):
    folder = made_agent(tmp_path / "one", seed=0)
    report = compared(tmp_path, folder, f"again={folder}")
    assert report.finding.startswith("There is no difference that these data can show")
    assert report.finding.endswith("one and again are the same network.")
    assert "none is claimed" in section(report, "What was tested").text
    assert "no state to show" in section(report, "Where they part").text
    (row,) = section(report, "Where they part").tables[0].rows
    assert row[1].startswith("0 % [0")
    assert (tmp_path / "page" / "index.html").stat().st_size < 5_000_000


@pytest.fixture(scope="module")
def leaning(made_agent, few_concepts, tmp_path_factory):
    """Two agents of one recipe, the second of which mostly goes up."""
    root = tmp_path_factory.mktemp("leaning")
    one, other = made_agent(root / "plain", seed=0), made_agent(root / "upward", seed=1, lean=0)
    return compared(root, one, other), root / "page"


def test_a_planted_leaning_is_where_they_part(leaning):
    report, _ = leaning
    part = section(report, "Where they part")
    (figure,) = part.figures
    assert "upward up" in figure.alt
    assert {row["action"] for row in figure.rows} == {"up", "down", "left", "right"}
    upward = [row["upward"] for row in figure.rows if row["action"] == "up"]
    assert min(upward) > 0.9


def test_two_seeds_of_one_recipe_say_that_only_the_seed_differs(leaning):
    report, _ = leaning
    assert "trained by one recipe" in report.finding
    assert any("what differs here is the seed's doing" in caveat for caveat in report.caveats)


def test_every_figure_has_words_and_numbers_beside_it(leaning):
    report, out = leaning
    assert len(figures_of(report)) >= 7
    assert all(figure.alt and figure.rows for figure in figures_of(report))
    assert len(list((out / "data").glob("figure-*.png"))) == len(figures_of(report))
    assert "rand_region" in report.reproduce[-1] or report.reproduce
    assert "<script" not in as_html(report)


@pytest.mark.slow
def test_snapshots_of_one_agent_are_told_as_its_training(made_agent, tmp_path):
    folder = made_agent(tmp_path / "one", seed=0, snapshots=(0, 50))
    report = compared(tmp_path, f"{folder}@0", f"{folder}@50", f"{folder}@last")
    assert report.title == "one in training: after 0, 50 and 100 steps"
    titles = [figure.title for figure in section(report, "How they learned").figures]
    assert titles == ["What the snapshots do", "Success during training"]
    assert any("One training run" in caveat for caveat in report.caveats)


def test_an_agent_among_its_snapshots_is_the_one_at_the_end(made_agent, tmp_path):
    folder = made_agent(tmp_path / "one", seed=0, snapshots=(0,))
    assert [one.kind for one in members([f"{folder}@0", str(folder)])] == ["snapshot", "snapshot"]


@pytest.mark.slow
def test_a_run_given_again_reads_back_what_it_found(made_agent, tmp_path):
    one, other = made_agent(tmp_path / "a", seed=0), made_agent(tmp_path / "b", seed=1)
    small = Settings(levels=30, samples=100, mazes=1)
    first = compared(tmp_path, one, other, asked=small)
    manifest = read_json(tmp_path / "page" / "manifest.json")
    assert manifest["state"] == "finished"
    again = compared(tmp_path, one, other, asked=small)
    assert again.finding == first.finding
    assert [figure.alt for figure in figures_of(again)] == [figure.alt for figure in figures_of(first)]


def test_bad_input_is_one_sentence(made_agent, tmp_path):
    folder = made_agent(tmp_path / "one", seed=0, snapshots=(0, 50))
    with pytest.raises(UnknownName, match="50"):
        compared(tmp_path, f"{folder}@0", f"{folder}@51")
    with pytest.raises(BadInput, match="snapshot is named by its steps"):
        members([f"{folder}@soon", str(folder)])
    with pytest.raises(BadInput, match="'cheese', the other 'monster'"):
        compared(tmp_path, folder, "monster-25")
    with pytest.raises(BadInput, match="differ in rand_region alone"):
        compared(tmp_path, folder, "cheese-corner")
    other = made_agent(tmp_path / "two", seed=1)
    with pytest.raises(BadInput, match="needs at least 40 independent groups"):
        compared(tmp_path, folder, other, asked=Settings(levels=20, samples=20, mazes=1))
    assert not (tmp_path / "page" / "index.html").exists()
