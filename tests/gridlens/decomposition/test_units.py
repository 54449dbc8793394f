"""Units taken apart on a page: classifiers and agents, gone on with, refused in one sentence (about 15 s)."""

import pytest

from core.errors import BadInput, RunConflict, UnknownName
from gridlens.decomposition.unit_making import Request, parted
from gridlens.decomposition.unit_page import write_page
from gridlens.opened import open_subject

SMALL = Request("relu3", "0-1", count=150, steps=2)


@pytest.fixture(scope="module")
def shapes():
    return open_subject("shapes")


def test_units_become_a_page(shapes, tmp_path, monkeypatch):
    found = parted(shapes, SMALL, out=tmp_path)
    report = write_page(shapes, found, SMALL, folder=tmp_path)
    assert [str(one.unit) for one in found.units] == ["relu3:0", "relu3:1"]
    assert {one.senses.before for one in found.units} == {"pool2"}
    for one in found.units:
        assert sum(sense.share for sense in one.senses.senses) == pytest.approx(1)
        assert len(one.made) == (1 if len(one.senses.senses) == 1 else 1 + len(one.senses.senses))
    assert "relu3" in report.finding
    assert (tmp_path / "index.html").exists()
    monkeypatch.setattr("gridlens.decomposition.unit_making.render", None)
    again = parted(shapes, SMALL, out=tmp_path)
    assert [one.senses.found.labels.tolist() for one in again.units] == [
        one.senses.found.labels.tolist() for one in found.units
    ]
    with pytest.raises(RunConflict, match="units"):
        parted(shapes, Request("relu3", "2", count=150, steps=2), out=tmp_path)


def test_an_agents_units_are_shown_by_states(tmp_path):
    opened = open_subject("monster-25")
    request = Request("relu2", "0-2", count=300)
    found = parted(opened, request, out=tmp_path)
    report = write_page(opened, found, request, folder=tmp_path)
    assert len(found.units) + len(found.refused) == 3
    assert all(one.made == () and one.senses.before == "relu1" for one in found.units)
    assert sum(len(section.figures) for section in report.evidence) >= len(found.units)


def test_units_that_nothing_tells_are_listed_with_the_reason(shapes, tmp_path):
    request = Request("conv1", "0", count=60, steps=2)
    found = parted(shapes, request, out=tmp_path)
    report = write_page(shapes, found, request, folder=tmp_path)
    assert found.units == []
    assert "no layer before conv1:0" in report.evidence[0].text
    assert "cannot be told" in report.finding


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"layer": "relu9"}, UnknownName, "relu"),
        ({"units": "64"}, BadInput, "64"),
        ({"units": "x"}, BadInput, "0-23,40"),
        ({"before": "pool9"}, UnknownName, "pool"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(shapes, tmp_path, change, error, said):
    from dataclasses import replace

    with pytest.raises(error, match=said):
        parted(shapes, replace(SMALL, **change), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
