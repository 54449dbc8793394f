"""``gridlens patch``: a page with its controls for a classifier and an agent, resumed to the same numbers."""

import csv
import json
from dataclasses import replace

import pytest
import torch

from core.errors import RunConflict
from core.pairs import Pair
from core.uncertainty import Interval
from gridlens.opened import open_subject
from gridlens.patching.criteria import AtLayer, verdicts, works
from gridlens.patching.enquiry import Asked, patching
from gridlens.patching.measuring import interleaved, usual_layers
from gridlens.patching.summary import coverage
from gridlens.patching.words import finding
from rl.agents import load as load_agent
from vision.models import load

ASKED = Asked(kinds=("halves", "noised"), layers=("norm1", "relu4"), pairs=2)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patching") / "run"
    patching(open_subject("shapes"), ASKED, folder, command="gridlens patch shapes")
    return folder


def table(folder):
    with (folder / "table.csv").open() as handle:
        return list(csv.DictReader(handle))


def test_the_page_shows_everything_that_was_asked(run):
    page = (run / "index.html").read_text()
    for word in (
        "unrelated input",
        "as many at random",
        "Does the gradient foretell it?",
        "makes up for a loss",
    ):
        assert word in page
    rows = table(run)
    assert {row["kind"] for row in rows} == {"halves", "noised"}
    assert {row["layer"] for row in rows} == {"norm1", "relu4"}
    assert {row["patched"] for row in rows} == {"whole", "best", "random", "another", "taken"}
    whole = [float(row["recovered"]) for row in rows if row["patched"] == "whole"]
    assert whole == pytest.approx([1.0] * 8, abs=1e-4)
    assert list((run / "data").glob("figure-1-*.png"))


def test_a_killed_run_goes_on_to_the_same_numbers(run):
    before = table(run)
    traces = sorted((run / "traces").iterdir())
    for trace in traces[3:]:
        trace.unlink()
    stamps = [trace.stat().st_mtime_ns for trace in traces[:3]]
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(manifest | {"state": "running"}))
    patching(open_subject("shapes"), ASKED, run, command="gridlens patch shapes")
    assert table(run) == before
    assert [trace.stat().st_mtime_ns for trace in traces[:3]] == stamps


def test_another_question_is_refused_the_folder(run):
    with pytest.raises(RunConflict, match="different run"):
        patching(open_subject("shapes"), replace(ASKED, seed=1), run, command="")


def test_an_agent(gridlens, tmp_path):
    code, said = gridlens(
        "patch",
        "cheese-anywhere",
        "--kinds",
        "cheese moved",
        "--pairs",
        3,
        "--layers",
        "relu1,relu3",
    )
    assert code == 0, said.err
    page = (tmp_path / "runs" / "patch-cheese-anywhere" / "index.html").read_text()
    assert "cheese moved: one cheese on another free cell" in page
    assert "Where the inputs" not in page


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["shapes", "--kinds", "blured"], "'blurred'"),
        (["shapes", "--layers", "relu9"], "relu"),
        (["cheese-corner", "--kinds", "chese moved"], "'cheese moved'"),
        (["nowhere"], "nowhere"),
        (["shapes", "--images", "gone.tar"], "gone.tar"),
    ],
)
def test_mistakes_are_one_sentence(gridlens, tmp_path, arguments, says):
    code, said = gridlens("patch", *arguments, "--pairs", 2)
    assert code == 2
    assert says in said.err
    assert sum(line.startswith("gridlens: ") for line in said.err.splitlines()) == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def at(best, chance, **more):
    values = {"best": best, "random": chance, "another": chance}
    return AtLayer("conv", values, more.get("places"), more.get("inside"), more.get("agreement"))


HIGH, MIDDLE, LOW = Interval(0.8, 0.6, 0.9, 9), Interval(0.6, 0.4, 0.7, 9), Interval(0.1, 0.0, 0.2, 9)


def test_criteria_are_about_intervals_not_estimates():
    assert works(at(HIGH, LOW)) == (True, None)
    assert works(at(MIDDLE, LOW)) == (False, None)  # 60 %, but perhaps less than half
    assert works(at(HIGH, MIDDLE)) == (False, None)  # not clear of the control
    found = verdicts(at(HIGH, LOW, inside=Interval(1.2, 0.9, 1.5, 9), agreement=Interval(0.8, 0.71, 0.9, 9)))
    assert (found["the right places"], found["gradient foretells"]) == (False, True)


def test_the_finding_says_so_when_nothing_works():
    assert "does not work" in finding("net", [at(LOW, LOW)])
    assert "works in net at 1 of 2 layers" in finding("net", [at(HIGH, LOW), at(LOW, LOW)])


def test_layers_are_spread_over_the_depth_and_are_no_heads():
    assert usual_layers(load_agent("cheese-corner")) == (
        "conv",
        "relu1",
        "hidden1",
        "relu2",
        "hidden2",
        "relu3",
    )
    layers = usual_layers(load("bvlc_googlenet", weights="untrained"))
    assert len(layers) <= 6
    assert "loss3_classifier" not in layers
    assert all("." not in layer for layer in layers)


def test_pairs_are_taken_kind_by_kind_in_turn():
    nothing = torch.zeros(1, 1, 1)
    made = [
        Pair(kind, str(number), nothing, nothing, nothing, "class", 0, 1, torch.ones(1, 1, dtype=torch.bool))
        for kind in "ab"
        for number in range(2)
    ]
    assert [pair.kind + pair.name for pair in interleaved(made)] == ["a0", "b0", "a1", "b1"]


def test_coverage_is_the_share_of_each_place():
    changed = torch.zeros(4, 4, dtype=torch.bool)
    changed[0, 0] = True
    assert coverage(changed, (2, 2)).tolist() == [[0.25, 0.0], [0.0, 0.0]]
