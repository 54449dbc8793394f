"""Two networks side by side: what is found, kept, gone on with, shown, and refused (about 15 s)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.artifacts import read_csv
from core.errors import BadInput, RunConflict, UnknownName
from core.runs import is_finished
from gridlens.matching.asked import Asked, layer_pairs
from gridlens.matching.making import matched
from gridlens.matching.page import write_page
from gridlens.matching.words import caveats, finding
from gridlens.patching.measuring import usual_layers
from vision.models import load

SMALL = Asked(layers=("relu1,relu2", "relu1,relu3"), count=24, show=1, steps=2)


@pytest.fixture(scope="module")
def shapes():
    return load("shapes")


@pytest.fixture(scope="module")
def untrained():
    return load("shapes", weights="untrained", seed=4)


def bytes_of(folder: Path) -> dict[str, bytes]:
    kept = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def test_a_network_beside_itself_is_a_page_with_everything_beside_it(shapes, tmp_path):
    found = matched(shapes, shapes, SMALL, out=tmp_path)
    report = write_page(found, folder=tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert is_finished(tmp_path)
    assert not (tmp_path / "unfinished").exists()
    assert [(one.a, one.b) for one in found.best] == [("relu1", "relu1"), ("relu2", "relu3")]
    first = found.best[0]
    assert all(pair.a == pair.b for pair in first.real.beyond_chance)  # every unit is its own counterpart
    assert first.share.estimate > 0.9 > first.by_control.estimate
    assert "of the units of shapes (A)'s relu1 have a counterpart in shapes (B)'s relu1" in report.finding
    assert 'src="http' not in text  # nothing is fetched
    titles = [figure.title for section in report.evidence for figure in section.figures]
    assert titles[:3] == [
        "Units of shapes (A) with a counterpart in shapes (B)",
        "Nearest units",
        "relu1 | relu1",
    ]
    rows = read_csv(tmp_path / "units.csv")
    assert {(row["layer_a"], row["layer_b"]) for row in rows} >= {("relu1", "relu1")}
    assert all(float(row["low"]) > float(row["threshold"]) for row in rows)
    assert set(found.pictures[0]) == {(one.a, pair.a) for one in found.best for pair in found.shown[one.name]}


def test_another_network_has_fewer_and_families_are_matched_too(shapes, untrained, tmp_path):
    asked = Asked(pairs=("relu1=relu1",), count=96, show=1, steps=2, group="rotation:90")
    one = matched(shapes, shapes, asked, out=tmp_path / "same")
    other = matched(shapes, untrained, asked, out=tmp_path / "other")
    assert other.best[0].real.counterparts < one.best[0].real.counterparts
    (pair,) = one.families
    assert all(each.one == each.other for each in pair.found.found)
    assert 0 < len(pair.found.found) <= len(pair.one.families)
    report = write_page(one, folder=tmp_path / "same")
    assert report.evidence[-1].title == "Families: relu1 | relu1"
    first = pair.found.found[0].one
    assert report.evidence[-1].figures[0].title == f"Family {first} of relu1 and {first} of relu1"
    rows = read_csv(tmp_path / "same" / "families.csv")
    assert {row["offset"] for row in rows} == {"0°"}


def test_a_run_that_is_broken_off_goes_on_to_the_same_bytes(shapes, untrained, tmp_path):
    asked = replace(SMALL, layers=("relu1", "relu1"), group="reflection")
    whole = matched(shapes, untrained, asked, out=tmp_path / "whole")
    calls = 0

    def breaking(done: int, total: int, label: str) -> None:
        nonlocal calls
        calls += 1
        if calls in (2, 5, 9):
            raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            matched(shapes, untrained, asked, out=tmp_path / "parts", progress=breaking)
    matched(shapes, untrained, asked, out=tmp_path / "parts")
    assert bytes_of(tmp_path / "whole") == bytes_of(tmp_path / "parts")
    again = matched(shapes, untrained, asked, out=tmp_path / "whole")  # finished: read back
    assert [one.real.pairs for one in again.every] == [one.real.pairs for one in whole.every]
    assert [one.found.found for one in again.families] == [one.found.found for one in whole.families]
    with pytest.raises(RunConflict, match="top"):
        matched(shapes, untrained, replace(asked, top=2), out=tmp_path / "whole")


def test_layers_are_all_with_all_or_the_pairs_named(shapes):
    assert len(layer_pairs(shapes, shapes, Asked())) == len(usual_layers(shapes)) ** 2
    assert layer_pairs(shapes, shapes, Asked(pairs=("relu1=relu2",))) == [("relu1", "relu2")]


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"layers": ("relu9", None)}, UnknownName, "relu"),
        ({"pairs": ("relu1",)}, BadInput, "by --pair, or by --layers-a"),
        ({"layers": (None, None), "pairs": ("relu1",)}, BadInput, "LAYER_A=LAYER_B"),
        ({"layers": (None, None), "pairs": ("relu1=relu9",)}, UnknownName, "relu"),
        ({"images": Path("nowhere")}, Exception, "nowhere"),
        ({"count": 5}, BadInput, "at least 8 images; given 5"),
        ({"group": "rotatoin"}, UnknownName, "rotation"),
        ({"group": "rotation", "families": (Path("a"), Path("b"))}, BadInput, "give one of them"),
        ({"families": (Path("a"), Path("b"))}, Exception, "'a"),
        ({"galleries": (Path("a"), None)}, Exception, "no gallery"),
    ],
    ids=str,
)
def test_bad_input_is_one_sentence_and_leaves_nothing(shapes, tmp_path, change, error, said):
    with pytest.raises(error, match=said):
        matched(shapes, shapes, replace(SMALL, **change), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_command(gridlens, tmp_path):
    asked = ("match", "shapes", "shapes", "--weights-b", "untrained", "--pair", "relu1=relu2")
    code, told = gridlens(*asked, "--count", 20, "--show", 1, "--steps", 2, "--out", "run")
    assert code == 0
    assert told.out.splitlines()[-1] == "run/index.html"
    assert (tmp_path / "run" / "index.html").exists()
    assert gridlens("match", "--help")[0] == 0
    code, told = gridlens("match", "shapes", "cheese-corner")
    assert code == 2
    assert "is an agent" in told.err
    code, told = gridlens("match", "shapes", "squeezenet11")
    assert code == 2
    assert "squeezenet1_1" in told.err


class Counted:
    """As much of a Compared as words need."""

    def __init__(self, a, share, control, *, units=50, others=50):
        from core.uncertainty import proportion_interval

        self.a, self.b, self.name = a, "b1", f"{a} | b1"
        self.share, self.by_control = (
            proportion_interval(round(part * units), units) for part in (share, control)
        )
        self.real = type("Real", (), {"units": units, "correlations": np.zeros((units, others))})()


def test_the_finding_says_where_and_beside_what():
    said = finding("A", "B", [Counted("a1", 0.8, 0.1), Counted("a2", 0.2, 0.02)])
    assert said.startswith(
        "80 % [67, 89] of the units of A's a1 have a counterpart in B's b1 (10 % with B's weights"
    )
    assert "fewest in a2: 20 %" in said
    none = finding("A", "B", [Counted("a1", 0.3, 0.3), Counted("a2", 0.1, 0.2)])
    assert none.startswith("In no layer do more units of A have a counterpart")


def test_caveats_follow_from_the_numbers():
    plain = caveats([Counted("a1", 0.8, 0.1)], 500, 1)
    assert len(plain) == 2
    said = caveats([Counted("a1", 0.8, 0.5, others=20)], 40, 2)
    assert len(said) == 6
    assert "a1 | b1" in said[0]
    assert "40 images are few" in said[2]
