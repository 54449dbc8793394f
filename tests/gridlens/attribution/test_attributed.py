"""Attribution from the request to the page: planted truth found, killed runs resumed, maps from elsewhere judged."""

import functools

import numpy as np
import pytest
import torch

from core.artifacts import read_csv
from core.attribution import METHODS
from core.errors import BadInput, RunConflict, UnknownName
from core.testing import planted_classifier, spotlight
from gridlens.attribution import making, maps
from gridlens.attribution.asked import cases
from gridlens.attribution.inputs import Shown
from gridlens.attribution.making import Request, attributed, wanted
from gridlens.attribution.page import evidence, write_page
from gridlens.attribution.verdict import verdict
from gridlens.opened import Opened, open_subject
from reports.attribution.finding import finding

QUICK = {"samples": 6, "stages": 2, "checked": 2, "orders": 4}
TRUE = ("integrated-gradients", "input-x-gradient")


@pytest.fixture
def spotlit(monkeypatch):
    """A subject of which only one patch counts, shown six noisy pictures in which that is bright."""
    inputs = 0.5 * torch.rand(6, 3, 10, 10, generator=torch.Generator().manual_seed(0))
    inputs[:, :, 6:8, 6:8] += 0.5
    pictures = [one.permute(1, 2, 0).numpy() for one in inputs]
    seen = Shown(inputs, [f"noise {i}" for i in range(6)], pictures)
    monkeypatch.setattr(making, "shown", lambda *given, **named: seen)
    return Opened(spotlight())


def test_methods_that_find_the_planted_patch_are_believed_and_wrong_maps_are_not(spotlit, tmp_path):
    wrong = np.zeros((6, 10, 10))
    wrong[:, :3, 7:] = 1.0  # where nothing counts
    np.savez(tmp_path / "elsewhere.npz", wrong=wrong)
    request = Request(("policy:1",), TRUE, maps=tmp_path / "elsewhere.npz", **QUICK)
    found = attributed(spotlit, request, out=tmp_path / "run")
    told = evidence(spotlit, found, request, command="")
    assert all(told.beats(name) for name in TRUE)
    assert not told.beats("wrong")
    assert told.ranks["wrong"].estimate > 2 * told.ranks["integrated-gradients"].estimate
    # Where this subject looks is no weight: with every weight random the maps stay, and the check has to say so.
    assert {check.check for check in told.failed("integrated-gradients")} == {"cascading randomisation"}
    assert finding(told).startswith(
        "No method is to be believed here: integrated gradients and input × gradient beat"
    )
    assert {case.maps["wrong"].shape for case in told.cases} == {(10, 10)}


def test_a_killed_run_goes_on_where_it_was_and_ends_the_same(spotlit, tmp_path, monkeypatch):
    request = Request(("policy:1",), ("occlusion",), **QUICK)
    whole = attributed(spotlit, request, out=tmp_path / "whole")

    def killing(done, total, label):
        if label == "metrics" and done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attributed(spotlit, request, out=tmp_path / "killed", progress=killing)
    made = len(list((tmp_path / "killed").rglob("*.safetensors")))
    assert 0 < made < len(list((tmp_path / "whole").rglob("*.safetensors")))
    monkeypatch.setattr(maps, "METHODS", {name: _forbidden(method) for name, method in METHODS.items()})
    again = attributed(spotlit, request, out=tmp_path / "killed")
    for name, values in whole.measures.values.items():
        for method, own in values.items():
            assert torch.equal(own, again.measures.values[name][method]), (name, method)


def _forbidden(method):
    @functools.wraps(method)
    def refuse(*given, **named):
        raise AssertionError("what is there is not asked again")

    return refuse


def test_the_page_and_its_exports_are_written(spotlit, tmp_path):
    request = Request(("policy:1",), ("saliency",), **QUICK)
    found = attributed(spotlit, request, out=tmp_path / "run")
    page = tmp_path / "run" / "index.html"
    report = write_page(spotlit, found, request, folder=tmp_path / "run", page=page)
    assert report.finding in page.read_text()
    tables = [path.name for path in (tmp_path / "run" / "data").glob("*.csv")]
    assert any(name.startswith("table-1-every-metric") for name in tables)
    rows = read_csv(next((tmp_path / "run" / "data").glob("table-1-every-metric*.csv")))
    assert {row["method"] for row in rows} == {"saliency", "random (control)", "edges (control)"}


def test_a_layer_is_taken_apart_into_factors(tmp_path, monkeypatch):
    inputs = torch.rand(3, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    seen = Shown(inputs, ["a", "b", "c"], [one.permute(1, 2, 0).numpy() for one in inputs])
    monkeypatch.setattr(making, "shown", lambda *given, **named: seen)
    opened = Opened(planted_classifier(seed=0))
    request = Request(methods=("saliency",), at="relu", factors=2, **QUICK)
    told = evidence(opened, attributed(opened, request, out=tmp_path / "run"), request, command="")
    assert told.factors is not None
    assert len(told.factors.factors) == 2
    shares = sum(one.share for one in told.factors.factors)
    assert shares + told.factors.residual == pytest.approx(1.0)
    assert 0 <= told.factors.residual < 1


def test_an_agents_objects_are_told_apart(tmp_path):
    opened = open_subject("cheese-corner")
    request = Request(("policy:up",), ("shapley", "feature-ablation"), count=2, **QUICK)
    found = attributed(opened, request, out=tmp_path / "run")
    told = evidence(opened, found, request, command="")
    first = told.cases[0].objects
    assert [one.method for one in first] == ["shapley", "feature-ablation"]
    assert any("cheese" in name for name in first[0].names)
    assert "wall" in first[0].names
    gap = found.maps.explained["shapley"][0].gap
    assert gap == pytest.approx(0.0, abs=1e-3)


def test_levels_can_be_named_and_nothing_else_can(tmp_path):
    opened = open_subject("cheese-corner")
    request = Request(("policy:up",), ("saliency",), levels=(3, 17), **QUICK)
    found = attributed(opened, request, out=tmp_path / "run")
    assert list(found.shown.names) == ["level 3", "level 17"]
    with pytest.raises(BadInput, match="no levels to name"):
        attributed(open_subject("shapes"), Request(levels=(3,)), out=tmp_path / "other")
    with pytest.raises(BadInput, match="is an agent"):
        attributed(opened, Request(images=tmp_path), out=tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_another_request_does_not_overwrite_a_run(spotlit, tmp_path):
    attributed(spotlit, Request(("policy:1",), ("saliency",), **QUICK), out=tmp_path / "run")
    with pytest.raises(RunConflict, match="methods"):
        attributed(spotlit, Request(("policy:1",), ("occlusion",), **QUICK), out=tmp_path / "run")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [({"saliency": np.ones((6, 3, 3))}, "name of a method"), ({"mine": np.ones((2, 3, 3))}, "6 inputs")],
)
def test_maps_that_do_not_fit_are_refused_before_anything_is_computed(spotlit, tmp_path, arrays, words):
    np.savez(tmp_path / "maps.npz", **arrays)
    with pytest.raises(BadInput, match=words):
        attributed(spotlit, Request(maps=tmp_path / "maps.npz", **QUICK), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_unknown_methods_and_layers_are_refused(spotlit, tmp_path):
    with pytest.raises(UnknownName, match="lrp"):
        attributed(spotlit, Request(methods=("lpr",)), out=tmp_path / "run")
    with pytest.raises(UnknownName, match="relu"):
        attributed(spotlit, Request(at="rleu"), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_a_network_cannot_take_is_left_out_with_the_reason():
    subject = open_subject("shapes").subject
    asked = cases(subject, torch.rand(1, *subject.spec.shape), ["class:0"])
    names, left_out = wanted(subject, ["all"], asked)
    assert set(names) | set(left_out) == set(METHODS)
    assert names[-2:] == ["random", "edges"]
    assert all(why for why in left_out.values())


def test_two_targets_of_one_input_are_not_two_independent_cases():
    values = {"deletion-blur": {"good": np.array([1.0, 1.0, 1.0, 1.0]), "random": np.array([2.0, 2, 3, 3])}}
    assert verdict(values, [0, 0, 1, 1], controls=["random"], seed=0).ranks["good"].n == 2
