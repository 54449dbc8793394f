"""A gallery holds what it promises, and ends with the same bytes however often it is broken off."""

import random

import numpy as np
import pytest
from PIL import Image

from core.artifacts import read_csv
from core.errors import RunConflict, UnknownName, Unreadable
from core.runs import is_finished
from core.testing import planted_classifier
from feature_viz import gallery as module
from feature_viz.gallery import gallery, read_gallery
from feature_viz.receptive import receptive_fields

SUBJECT = planted_classifier(seed=0)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.fixture
def make(noise, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 2)
    source = noise()

    def made(out, **options):
        return gallery(SUBJECT, source, out=out, **{"layers": "conv,relu,head", "steps": 4} | options)

    made.source = source
    return made


def test_every_unit_has_its_picture_examples_and_numbers(make, tmp_path):
    result = make(tmp_path / "g")
    assert [unit["unit"] for unit in result.units[:5]] == ["conv:0", "conv:1", "conv:2", "conv:3", "relu:0"]
    assert len(result.units) == 4 + 4 + 3
    for unit in result.units:
        assert Image.open(result.folder / unit["picture"]).size == (12, 12)
        assert Image.open(result.folder / unit["strip"]).size == (9 * unit["cell"], unit["cell"])
        assert unit["top"][0]["activation"] == unit["best"] >= unit["top"][-1]["activation"]
        if unit["multiple"] is not None:
            assert unit["multiple"] == pytest.approx(unit["reached"] / unit["best"])
        assert unit["sds"] == pytest.approx((unit["reached"] - unit["mean"]) / unit["sd"])
        assert unit["top"][0]["label"].startswith("image <")
    assert [row["unit"] for row in read_csv(result.folder / "units.csv")] == [u["unit"] for u in result.units]
    assert is_finished(result.folder)


def test_the_crops_show_the_spot_that_fired(make, tmp_path):
    """Images are 12 px, so crops are whole images: the box must sit on the best position's field."""
    unit = make(tmp_path / "g", layers="conv", units="1").units[0]
    field = receptive_fields(SUBJECT, ["conv"], size=(12, 12))["conv"]
    strip = np.asarray(Image.open(tmp_path / "g" / unit["strip"]), float) / 255
    for rank, entry in enumerate(unit["top"]):
        shown = strip[:, rank * 12 : rank * 12 + 12].transpose(2, 0, 1)
        image = make.source.images[entry["index"]].numpy()
        assert np.corrcoef(shown.mean(0).ravel(), image.mean(0).ravel())[0, 1] > 0.8  # WebP blurs the colours
        top, left, height, width = field.box(entry["row"], entry["column"])
        np.testing.assert_allclose(entry["box"], np.array([left, top, width, height]) / 12, atol=1e-4)


def test_broken_off_at_random_moments_it_ends_with_the_same_bytes(make, tmp_path):
    whole = make(tmp_path / "whole")
    dice, calls = random.Random(0), 0

    def stop_somewhere(done, total, label):
        if dice.random() < 0.12:
            raise KeyboardInterrupt

    while not is_finished(tmp_path / "broken"):
        calls += 1
        try:
            make(tmp_path / "broken", progress=stop_somewhere)
        except KeyboardInterrupt:
            assert not is_finished(tmp_path / "broken")
    assert calls > 3
    assert contents(tmp_path / "broken") == contents(whole.folder)


def test_a_finished_gallery_is_read_and_not_made_again(make, tmp_path):
    first = make(tmp_path / "g")

    def never(done, total, label):
        raise AssertionError

    again = make(tmp_path / "g", progress=never)
    assert again.document == first.document == read_gallery(tmp_path / "g").document


def test_bad_requests_write_nothing(make, tmp_path):
    with pytest.raises(UnknownName):
        make(tmp_path / "g", layers="cnov")
    assert not (tmp_path / "g").exists()
    make(tmp_path / "g", layers="conv", units="0")
    before = contents(tmp_path / "g")
    with pytest.raises(RunConflict, match="units"):
        make(tmp_path / "g", layers="conv", units="1")
    assert contents(tmp_path / "g") == before
    with pytest.raises(Unreadable):
        read_gallery(tmp_path / "nothing")
