"""A gallery holds what it promises, and ends with the same bytes however often it is broken off."""

import random

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from core.artifacts import read_csv, read_json
from core.errors import BadInput, RunConflict, UnknownName, Unreadable
from core.progress import silent
from core.receptive import receptive_fields
from core.runs import is_finished, read_manifest
from core.subject import InputSpec, wrap
from core.testing import planted_classifier
from feature_viz.gallery import making as gallery_making
from feature_viz.gallery import plan as gallery_plan
from feature_viz.gallery.gallery import gallery, read_gallery
from feature_viz.gallery.plan import Request
from feature_viz.gallery.views import Making

SUBJECT = planted_classifier(seed=0)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.fixture
def make(noise, monkeypatch):
    monkeypatch.setattr(gallery_plan, "BATCH", 2)
    source = noise()

    def made(out, *, steps=2, seed=0, progress=silent, layer_made=None, images=source, **asked):
        request = Request(**{"layers": "conv,relu,head", "units": "0-2", "views": "positive"} | asked)
        making = Making(steps=steps, seed=seed)
        return gallery(
            SUBJECT, images, request, making=making, out=out, layer_made=layer_made, progress=progress
        )

    made.source = source
    return made


def test_every_unit_has_its_pictures_examples_and_numbers(make, tmp_path):
    result = make(tmp_path / "g", views="all")
    units = list(result.units)
    assert [unit["unit"] for unit in units[:4]] == ["conv:0", "conv:1", "conv:2", "relu:0"]
    assert len(units) == 3 + 3 + 3
    for unit in units:
        assert Image.open(result.folder / unit["picture"]).size == (12, 12)
        for view in unit["views"].values():
            assert Image.open(result.folder / view["picture"]).size == (12 * view["count"], 12)
        assert Image.open(result.folder / unit["strip"]).size == (9 * unit["cell"], unit["cell"])
        assert unit["top"][0]["activation"] == unit["best"] >= unit["top"][-1]["activation"]
        scores = unit["scores"]
        if scores["multiple"] is not None:
            assert scores["multiple"] == pytest.approx(unit["reached"] / unit["best"])
        assert scores["sds"] == pytest.approx((unit["reached"] - unit["mean"]) / unit["sd"])
        assert unit["top"][0]["label"].startswith("image <")
    assert [row["unit"] for row in read_csv(result.folder / "units.csv")] == [u["unit"] for u in units]
    assert is_finished(result.folder)


def test_the_views_do_what_they_say(make, tmp_path):
    for unit in make(tmp_path / "g", layers="conv", units="0-1", views="all", steps=16).units:
        views = unit["views"]
        assert list(views) == ["positive", "seed", "negative", "diverse"]
        assert views["positive"]["objective"] > -views["negative"]["objective"]
        one, two = (
            np.asarray(Image.open(tmp_path / "g" / views[name]["picture"])) for name in ("positive", "seed")
        )
        assert (one != two).any()


def test_a_layer_that_is_never_below_zero_has_no_negative_pictures(make, tmp_path):
    layers = {
        layer["name"]: layer
        for layer in make(tmp_path / "g", layers="conv,relu", units="0", views="all").document["layers"]
    }
    assert (layers["conv"]["skipped"], layers["relu"]["skipped"]) == ([], ["negative"])
    assert "negative" not in layers["relu"]["views"]


def test_the_crops_show_the_spot_that_fired(make, tmp_path):
    """Images are 12 px, so crops are whole images: the box must sit on the best position's field."""
    unit = next(make(tmp_path / "g", layers="conv", units="1").units)
    field = receptive_fields(SUBJECT, ["conv"], size=(12, 12))["conv"]
    strip = np.asarray(Image.open(tmp_path / "g" / unit["strip"]), float) / 255
    for rank, entry in enumerate(unit["top"]):
        shown = strip[:, rank * 12 : rank * 12 + 12].transpose(2, 0, 1)
        image = make.source.images[entry["index"]].numpy()
        assert np.corrcoef(shown.mean(0).ravel(), image.mean(0).ravel())[0, 1] > 0.8  # WebP blurs the colours
        top, left, height, width = field.box(entry["row"], entry["column"])
        np.testing.assert_allclose(entry["box"], np.array([left, top, width, height]) / 12, atol=1e-4)


def test_broken_off_at_random_moments_it_ends_with_the_same_bytes(make, tmp_path):
    whole = make(tmp_path / "whole", views="positive,negative")
    dice, calls = random.Random(0), 0

    def stop_somewhere(done, total, label):
        if dice.random() < 0.3:
            raise KeyboardInterrupt

    while not is_finished(tmp_path / "broken"):
        calls += 1
        try:
            make(tmp_path / "broken", views="positive,negative", progress=stop_somewhere)
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
    for asked, error in (
        ({"layers": "cnov"}, UnknownName),
        ({"views": "happy"}, BadInput),
        ({"units": "7"}, BadInput),
    ):
        with pytest.raises(error):
            make(tmp_path / "g", **asked)
    assert not (tmp_path / "g").exists()
    make(tmp_path / "g", layers="conv", units="0")
    before = contents(tmp_path / "g")
    with pytest.raises(RunConflict, match="only-missing"):
        make(tmp_path / "g", layers="conv", units="1")
    for other in ({"steps": 5}, {"seed": 1}):
        with pytest.raises(RunConflict, match="different run"):
            make(tmp_path / "g", layers="conv", units="0", **other)
    with pytest.raises(BadInput, match="not in this gallery"):
        make(tmp_path / "g", layers="conv", units="0", redo="relu")
    assert contents(tmp_path / "g") == before
    with pytest.raises(Unreadable):
        read_gallery(tmp_path / "nothing")


def test_it_grows_by_layers_units_and_views_without_touching_what_is_there(make, tmp_path):
    folder = tmp_path / "g"
    make(folder, layers="relu", units="0-1", views="positive")
    before = contents(folder)
    kept = {
        name: held for name, held in before.items() if name.startswith(("pictures", "examples", "exemplars"))
    }
    make(folder, layers="relu", units="1-2", views="positive,seed", only_missing=True)
    make(folder, layers="conv", units="3", views="positive", only_missing=True)
    after = contents(folder)
    assert {name: after[name] for name in kept} == kept
    result = read_gallery(folder)
    assert [unit["unit"] for unit in result.units] == ["conv:3", "relu:0", "relu:1", "relu:2"]
    assert [list(unit["views"]) for unit in result.units] == [["positive"]] + [["positive", "seed"]] * 3
    assert read_manifest(folder)["resumed"] == 2
    whole = make(tmp_path / "whole", layers="relu", units="0-2", views="positive,seed")
    assert list(whole.units) == list(result.units)[1:]


def test_made_again_it_is_the_same(make, tmp_path):
    folder = tmp_path / "g"
    make(folder, layers="conv,relu")
    before = contents(folder)
    again = []
    for text in ("conv", "relu:1", "conv:0-1, relu"):
        (folder / "pictures/conv/0001.webp").write_bytes(b"spoilt")
        (folder / "pictures/relu/0001.webp").write_bytes(b"spoilt")
        make(folder, layers="conv,relu", redo=text, layer_made=lambda _, layer: again.append(layer))
        after = contents(folder)
        spoilt = {name for name in after if after[name] != before[name]}
        assert spoilt == {"conv": {"pictures/relu/0001.webp"}, "relu:1": {"pictures/conv/0001.webp"}}.get(
            text, set()
        )
    assert again == ["conv", None, "relu", None, "conv", "relu", None]


def test_the_document_tells_at_any_time_what_is_finished(make, tmp_path):
    seen = []
    make(tmp_path / "g", layer_made=lambda folder, _: seen.append(read_json(folder / "gallery.json")))
    assert [[layer["name"] for layer in one["layers"]] for one in seen] == [
        ["conv"],
        ["conv", "relu"],
        ["conv", "relu", "head"],
        ["conv", "relu", "head"],
    ]
    assert [one["waiting"] for one in seen] == [["relu", "head"], ["head"], [], []]


def test_layers_are_searched_in_groups_of_bounded_size(make, tmp_path, monkeypatch):
    whole = make(tmp_path / "whole", layers="conv,relu", units="0")
    monkeypatch.setattr(gallery_making, "TOGETHER", 4)
    assert contents(make(tmp_path / "parts", layers="conv,relu", units="0").folder) == contents(whole.folder)


def test_wires_join_the_layers_shown_and_follow_when_one_comes_between(make, tmp_path):
    folder = tmp_path / "g"
    ends = {wire["unit"] for unit in make(folder, layers="conv,head").units for wire in unit["wires"]["in"]}
    assert {end.split(":")[0] for end in ends} == {"conv"}
    head = list(make(folder, layers="pool", only_missing=True).units)[-1]
    assert head["unit"] == "head:2"
    assert {wire["unit"].split(":")[0] for wire in head["wires"]["in"]} == {"pool"}


def test_lucent_makes_the_views_that_it_can(make, tmp_path):
    result = gallery(
        SUBJECT,
        make.source,
        Request("conv", "0-1"),
        making=Making(steps=2, engine="lucent"),
        out=tmp_path / "g",
    )
    assert [list(unit["views"]) for unit in result.units] == [["positive", "seed"]] * 2
    with pytest.raises(BadInput, match="lucent makes no view 'diverse'"):
        gallery(
            SUBJECT, make.source, Request(views="diverse"), making=Making(engine="lucent"), out=tmp_path / "h"
        )
    with pytest.raises(BadInput, match="no engine 'lucid'"):
        gallery(SUBJECT, make.source, making=Making(engine="lucid"), out=tmp_path / "h")
    assert not (tmp_path / "h").exists()


def test_a_result_shows_itself_in_a_notebook(make, tmp_path):
    shown = make(tmp_path / "g", layers="conv")._repr_html_()
    assert shown.count("data:image/webp;base64,") == 3
    assert f'href="{(tmp_path / "g/index.html").as_posix()}"' in shown


class Grey:
    """Images as a source that knows nothing of them but their pixels."""

    fingerprint = "grey"
    size = (12, 12)

    def __init__(self):
        self.images = torch.rand(11, 1, 12, 12, generator=torch.Generator().manual_seed(5))

    def __len__(self):
        return len(self.images)

    def batches(self, batch_size, *, start=0):
        yield from self.images[start:].split(batch_size)


def test_grey_inputs_of_which_nothing_is_known_and_layers_of_vectors(tmp_path):
    spec = InputSpec((1, 12, 12), (0.5,), (0.25,), ("grey",))
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(200, 2))
    subject = wrap(net, name="grey", spec=spec, heads={"class": ("0", "1")})
    result = gallery(subject, Grey(), Request("0, 3"), making=Making(steps=2), out=tmp_path / "g")
    for unit in result.units:
        assert Image.open(result.folder / unit["picture"]).size == (12, 12)
        assert unit["classes"] == []
        assert unit["top"][0]["label"] is None
