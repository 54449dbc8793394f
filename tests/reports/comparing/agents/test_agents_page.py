import dataclasses

import pytest

from core.artifacts import read_csv, read_json
from core.errors import BadInput, UnknownName
from core.provenance import Provenance
from core.uncertainty import proportion_interval
from reports import exports, html
from reports.comparing.agents.caveats import caveats
from reports.comparing.agents.evidence import AgentEvidence, Setting
from reports.comparing.agents.page import page as compare
from reports.figures import percent
from reports.sections import figures_of, tables_of


@pytest.fixture(scope="module")
def report(made):
    return compare(made.compared(made.pair), command="gridlens compare a b", mazes_chosen="Picked by rule.")


@pytest.fixture(scope="module")
def page(report, seen):
    return seen(html.page(report))


def test_the_page_holds_question_finding_evidence_caveats_and_commands(report, page, made):
    for part in (report.title, report.question, report.finding, *report.caveats, *report.reproduce):
        assert part in page.text
    titles = [
        "What they do",
        "Where they part",
        "What they would do anywhere",
        "What they know and use",
        "How they learned",
        "What was tested",
    ]
    assert [section.title for section in report.evidence] == titles
    assert report.reproduce == [*(agent.command for agent in made.pair), "gridlens compare a b"]
    assert "Picked by rule." in page.text


def test_numbers_on_the_page_are_those_given(page, made):
    for agent in made.pair:
        for value in (*agent.train.values(), *agent.shifted.values()):
            assert percent(value) in page.text
        assert f"{agent.steps['shifted'].estimate:.1f}" in page.text
        assert agent.provenance.subject in page.text


def test_every_picture_has_words(page, report):
    pictures = [made for made in page.all("svg") if made.get("role") == "img"]
    assert len(pictures) == len(figures_of(report)) == 6
    assert [picture["aria-label"] for picture in pictures] == [figure.alt for figure in figures_of(report)]
    assert len(page.all("figure")) == len(page.all("figcaption"))


def test_the_page_is_one_file_that_fetches_nothing(page):
    assert all(address.startswith(("data:", "#")) for address in page.addresses())
    assert not page.all("script")
    assert not page.all("link")
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert page.text.count("http") == 0


def test_inner_links_lead_somewhere(page):
    names = {attributes.get("id") for _, attributes in page.elements}
    for link in page.all("a"):
        if link["href"].startswith("#"):
            assert link["href"][1:] in names


def test_names_are_escaped_everywhere(made, seen):
    evil = "<script>alert(1)</script>"
    agents = [
        made.agent(name, seed=0, counts=(98, 98, 40, 90), goal="corner", dial=evil, n=100)
        for name in (evil, "b")
    ]
    setting = dataclasses.replace(made.setting, world=evil, events={"cheese": evil, "corner": "hid"})
    text = html.page(compare(made.compared(agents, setting), command=f"gridlens compare '{evil}'"))
    assert "<script" not in text
    assert evil in seen(text).text


def test_another_world_needs_only_its_words(made):
    def agent(name, shifted):
        value = {"apple": proportion_interval(90, 100), "shield": proportion_interval(shifted, 100)}
        about = {"command": "c", "dial": "d", "seeds": (0, 1, 2), "provenance": Provenance()}
        return AgentEvidence(name=name, train=value, shifted=value, **about)

    events = {"apple": "ate an apple", "shield": "took a shield"}
    setting = Setting("Monster", events, "apple", "shield", "short episodes", "long episodes")
    report = compare(made.compared([agent("a", 90), agent("b", 10)], setting), command="c")
    assert "a more often took a shield" in report.finding
    titles = [section.title for section in report.evidence]
    assert titles == ["What they do", "Where they part", "What was tested"]
    assert "cheese" not in html.page(report).lower()
    assert not any("training run" in caveat for caveat in report.caveats)


def test_caveats_come_from_the_numbers(made):
    def of(whole=None, **changes):
        agents = [dataclasses.replace(agent, **changes) for agent in made.pair]
        return " ".join(caveats(made.compared(agents, **whole or {})))

    few = {key: proportion_interval(9, 20) for key in ("cheese", "corner")}
    assert "One training run of each recipe" in of()
    assert "training run" not in of(seeds=(0, 1, 2))
    assert "by one recipe with 2 seeds" in of({"alike": True})
    assert "One training run: what a went through" in of({"of_one": "a"})
    assert "lack of skill" not in of()
    assert "lack of skill" in of(train=few)
    assert "only 20 of" not in of()
    assert "only 20 of" in of(shifted=few)
    assert "no better at any layer" not in of()
    assert "no better at any layer" in of(probes=made.probes(0, useless=True))
    assert "fail a sanity check" not in of()
    assert "fail a sanity check" in of({"failed": {"corner-seeker": "its map is still like the true one"}})
    assert "foreign" in of(notes=["it is foreign"])
    assert "differ in more than their levels" not in of(kind="ppo")
    one, other = made.pair
    unlike = [dataclasses.replace(one, kind="ppo"), dataclasses.replace(other, kind="dqn")]
    assert "differ in more than their levels" in " ".join(caveats(made.compared(unlike)))


def test_what_cannot_be_compared_is_refused(made):
    one, other = made.pair
    with pytest.raises(BadInput, match="at least two agents of different names"):
        compare(made.compared([one, one]), command="c")
    with pytest.raises(UnknownName, match=r"unknown event of .* 'apple'"):
        whole = made.compared([one, other])
        compare(
            dataclasses.replace(whole, setting=dataclasses.replace(made.setting, intended="apple")),
            command="c",
        )
    with pytest.raises(BadInput, match="same mazes"):
        compare(made.compared([one, dataclasses.replace(other, maps=other.maps[:1])]), command="c")


def test_export_writes_each_figure_and_table_with_the_numbers_given(report, made, tmp_path):
    written = exports.export(report, tmp_path)
    assert len(written) == 3 * len(figures_of(report)) + 2 * len(tables_of(report))
    assert all(path.exists() for path in written)
    rows = read_csv(next(tmp_path.glob("figure-1-*.csv")))
    first = made.pair[0].train["cheese"]
    assert [float(rows[0][key]) for key in ("estimate", "low", "high")] == [
        first.estimate,
        first.low,
        first.high,
    ]
    assert read_json(next(tmp_path.glob("figure-1-*.json")))["alt"] == figures_of(report)[0].alt
    assert next(tmp_path.glob("figure-1-*.png")).read_bytes().startswith(b"\x89PNG")


def test_the_page_replaces_the_old_one_whole(report, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    assert html.write(report, path) == path
    assert path.read_text().rstrip().endswith("</html>")
    assert not [file for file in tmp_path.iterdir() if file.name not in ("page.html", "page.card.json")]
    assert path.stat().st_size < 1_000_000
