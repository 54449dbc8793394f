"""Layers taken apart: what is found, kept, gone on with, shown; classifiers and agents (about 20 s)."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.artifacts import read_csv
from core.decomposition import fit
from core.errors import BadInput, RunConflict, UnknownName
from core.runs import is_finished
from gridlens.decomposition.atoms import nearest_units
from gridlens.decomposition.fitting import Fits
from gridlens.decomposition.making import Request, decomposed
from gridlens.decomposition.page import write_page
from gridlens.decomposition.words import finding
from gridlens.opened import open_subject

SMALL = Request("relu3", atoms=4, count=60, positions=20, show=3, steps=2)


def bytes_of(folder: Path) -> dict[str, bytes]:
    kept = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


@pytest.fixture(scope="module")
def shapes():
    return open_subject("shapes")


def test_a_layer_becomes_a_page_with_everything_beside_it(shapes, tmp_path):
    found = decomposed(shapes, SMALL, out=tmp_path)
    report = write_page(shapes, found, SMALL, folder=tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert is_finished(tmp_path)
    assert "4 atoms keep" in report.finding or "4 atoms by nmf" in report.finding
    assert text.count("<figure") == 3
    assert 'src="http' not in text  # nothing is fetched
    rows = read_csv(tmp_path / "atoms.csv")
    assert len(rows) == 4
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1, abs=1e-4)
    quality = report.evidence[0].tables[0].rows
    assert [row[0] for row in quality] == ["relu3", "shuffled (control)", "pca, 4 atoms"]
    assert sorted(found.made) == sorted(found.chosen)
    assert (tmp_path / "data" / f"figure-1-atom-{found.chosen[0]}.png").exists()


def test_a_run_that_is_broken_off_goes_on_to_the_same_bytes(shapes, tmp_path):
    whole = decomposed(shapes, SMALL, out=tmp_path / "whole")
    calls = 0

    def breaking(done: int, total: int, label: str) -> None:
        nonlocal calls
        calls += 1
        if label.startswith(("finding", "ablating")) and calls % 2:
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            decomposed(shapes, SMALL, out=tmp_path / "parts", progress=breaking)
    parts = decomposed(shapes, SMALL, out=tmp_path / "parts")
    one, two = bytes_of(tmp_path / "whole"), bytes_of(tmp_path / "parts")
    made = {name for name in one if name.startswith("pictures")}  # alike but for the last bit of a sum
    assert {name: one[name] for name in one.keys() - made} == {name: two[name] for name in two.keys() - made}
    for atom in whole.chosen:
        assert torch.allclose(whole.made[atom], parts.made[atom], atol=1e-3)


def test_a_finished_run_is_read_back_and_another_is_refused(shapes, tmp_path, monkeypatch):
    first = decomposed(shapes, SMALL, out=tmp_path)
    before = bytes_of(tmp_path)
    monkeypatch.setattr(
        "gridlens.decomposition.atoms.render", None
    )  # would be called, were there anything to make
    again = decomposed(shapes, SMALL, out=tmp_path)
    assert bytes_of(tmp_path) == before
    assert torch.equal(first.effects, again.effects)
    with pytest.raises(RunConflict, match="atoms"):
        decomposed(shapes, replace(SMALL, atoms=5), out=tmp_path)


def test_an_agent_is_shown_states(tmp_path):
    opened = open_subject("cheese-corner")
    request = Request("relu1", atoms=3, count=80, show=2)
    found = decomposed(opened, request, out=tmp_path)
    report = write_page(opened, found, request, folder=tmp_path)
    assert found.made == {}
    assert "states" in report.approach
    assert len(report.evidence[2].figures) == 2
    assert report.evidence[1].tables[0].rows[0][5].startswith(("policy", "value"))


def test_a_sparse_autoencoder_is_trained_with_its_settings(shapes, tmp_path):
    request = replace(
        SMALL, method="topk-sae", atoms=96, options={"active": 3, "steps": 20}, count=30, show=1
    )
    found = decomposed(shapes, request, out=tmp_path)
    assert len(found.fits.dictionary) == 96
    assert found.fits.dictionary.quality.l0.estimate <= 3
    assert found.fits.pca is None  # more atoms than channels
    assert not (tmp_path / "dictionaries" / "unfinished").exists()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"layer": "relu9"}, UnknownName, "relu"),
        ({"method": "nfm"}, UnknownName, "nmf"),
        ({"atoms": 65}, BadInput, "at most as many atoms as the layer has channels, 64"),
        ({"options": {"active": 3}}, BadInput, "settings of sparse autoencoders"),
        ({"images": Path("nowhere")}, Exception, "nowhere"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(shapes, tmp_path, change, error, said):
    with pytest.raises(error, match=said):
        decomposed(shapes, replace(SMALL, **change), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_agents_take_no_images(tmp_path):
    with pytest.raises(BadInput, match="is an agent, which is shown states"):
        decomposed(open_subject("monster-25"), Request("relu1", images=Path("x")), out=tmp_path / "run")


def fits(rows: torch.Tensor, mixed: torch.Tensor) -> Fits:
    real = [fit(rows, layer="fc", method="nmf", k=3, seed=seed) for seed in (0, 1)]
    none = [fit(mixed, layer="fc", method="nmf", k=3, seed=seed) for seed in (0, 1)]
    return Fits(*real, *none, None)


def test_the_finding_says_when_there_is_no_more_than_in_shuffled_numbers():
    generator = torch.Generator().manual_seed(0)
    sources = torch.rand(600, 3, generator=generator) * (torch.rand(600, 3, generator=generator) < 0.3)
    together = sources @ torch.rand(3, 12, generator=generator)
    apart = torch.stack([column[torch.randperm(600, generator=generator)] for column in together.T], 1)
    near = nearest_units(torch.ones(3, 12) / 12**0.5)
    assert "hardly more than of shuffled" in finding(fits(apart, apart), near, "fc")
    said = finding(fits(together, apart), near, "fc")
    assert said.startswith("3 atoms keep")
    assert "all 3 are the same with another seed" in said
    assert "none is nearly a single unit" in said


def test_nearest_units_of_random_directions_are_as_near_as_chance():
    atoms = torch.nn.functional.normalize(
        torch.randn(400, 64, generator=torch.Generator().manual_seed(5)), dim=1
    )
    found = nearest_units(atoms)
    assert float(found.cosine.mean()) == pytest.approx(found.by_chance, abs=0.02)
    assert nearest_units(torch.eye(64)).cosine.tolist() == [1.0] * 64


@pytest.mark.parametrize(
    ("atoms", "said"),
    [("200000000", "needs .* GB of memory"), ("200000", "too few for 200,000 atoms")],
)
def test_more_atoms_than_fit_are_refused_before_anything_is_written(gridlens, tmp_path, atoms, said):
    asked = ("decompose", "shapes", "--layer", "relu3", "--method", "topk-sae", "--atoms", atoms)
    code, told = gridlens(*asked, "--out", tmp_path / "run")
    assert code == 2
    assert re.search(said, told.err)
    assert not (tmp_path / "run").exists()
