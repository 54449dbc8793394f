"""Exemplars are what brute force over the whole data set gives, whatever the batches and wherever broken off."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.activations import capture
from core.artifacts import write_image
from core.errors import BadInput, NotFinite, UnknownName
from core.layers import as_maps
from core.subject import InputSpec, wrap
from core.testing import planted_classifier
from feature_viz.examples import exemplars as module
from feature_viz.examples.exemplars import exemplars, read_exemplars, write_exemplars
from feature_viz.examples.tensor_source import TensorImages
from vision.datasets import open_images

SUBJECT = planted_classifier(seed=0)
LAYERS = ["conv", "relu", "head"]


def brute_force(images, layer, k, *, largest):
    maps = as_maps(capture(SUBJECT, images, [layer])[layer], SUBJECT.layers[layer]).numpy()
    scores = maps.max((2, 3))
    order = np.argsort(-scores if largest else scores, axis=0, kind="stable")[:k]
    units = np.arange(scores.shape[1])
    places = maps.reshape(*scores.shape, -1).argmax(2)
    return scores, order, scores[order, units], places[order, units], maps.shape[3]


@given(count=st.integers(1, 40), k=st.integers(1, 9), batch_size=st.integers(1, 17))
@settings(max_examples=8, deadline=None)
def test_they_equal_brute_force(noise, count, k, batch_size):
    source = noise(count)
    found = exemplars(SUBJECT, source, LAYERS, k=k, batch_size=batch_size)
    for layer in LAYERS:
        one = found[layer]
        for ranking, largest in ((one.top, True), (one.bottom, False)):
            scores, order, best, places, width = brute_force(source.images, layer, k, largest=largest)
            np.testing.assert_allclose(ranking.score.numpy(), best, rtol=1e-5, atol=1e-6)
            if layer != "relu" or largest:  # equal zeros rank by index; rounding cannot reorder the rest
                np.testing.assert_array_equal(ranking.index.numpy(), order)
                np.testing.assert_array_equal((ranking.row * width + ranking.column).numpy(), places)
        np.testing.assert_allclose(one.mean.numpy(), scores.mean(0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(one.sd.numpy(), scores.std(0), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(one.firing.numpy(), (scores > 0).mean(0), rtol=1e-6)
        assert one.histogram.counts.sum(0).tolist() == [count] * scores.shape[1]


def whole_numbers(count=41, size=6):
    """A network and images whose every activation is a small whole number: no rounding, many ties, signs both."""
    eye = nn.Conv2d(3, 4, 1, bias=False)
    eye.weight.data = torch.tensor([[1.0, 0, 0], [-1, 1, 0], [0, -2, 0], [0, 0, 0]])[:, :, None, None]
    net = nn.Sequential(eye, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    spec = InputSpec((3, size, size), (0.0,) * 3, (1 / 8,) * 3)
    drawn = torch.randint(0, 5, (count, 3, size, size), generator=torch.Generator().manual_seed(1))
    return wrap(net, name="whole", spec=spec, heads={"class": tuple("abcd")}), drawn / 8


@pytest.mark.parametrize("k", [1, 5, 60])
def test_any_batches_give_identical_results_with_ties_signs_and_few_images(k):
    subject, images = whole_numbers()
    maps = capture(subject, images, ["0"])["0"].numpy()
    scores = maps.max((2, 3))
    answers = []
    for size in (1, 2, 7, 32, 41, 100):
        source = TensorImages(images, [i % 3 for i in range(len(images))])
        answers.append(exemplars(subject, source, ["0"], k=k, batch_size=size)["0"])
    for largest, side in ((True, "top"), (False, "bottom")):
        order = np.argsort(-scores if largest else scores, axis=0, kind="stable")[:k]
        units = np.arange(4)
        places = maps.reshape(*scores.shape, -1).argmax(2)[order, units]
        for one in answers:
            ranking = getattr(one, side)
            np.testing.assert_array_equal(ranking.index.numpy(), order)
            np.testing.assert_array_equal(ranking.score.numpy(), scores[order, units])
            np.testing.assert_array_equal((ranking.row * 6 + ranking.column).numpy(), places)
    for one in answers:
        for name in ("mean", "sd", "firing"):
            assert torch.equal(getattr(one, name), getattr(answers[0], name))
        for name in ("counts", "low", "width", "index", "score", "row", "column"):
            assert torch.equal(getattr(one.histogram, name), getattr(answers[0].histogram, name))
        np.testing.assert_allclose(one.by_class.mean[1].numpy(), scores[1::3].mean(0), rtol=1e-6)
        assert one.by_class.counts.tolist() == [14, 14, 13]


class BrokenOff(Exception):
    """What a test throws into a pass."""


class Breaking(TensorImages):
    """Images that come to an end with an exception after ``last`` of them."""

    last = 10**9

    def batches(self, batch_size, *, start=0):
        begun = start
        for batch in super().batches(batch_size, start=start):
            begun += len(batch)
            if begun > self.last:
                raise BrokenOff
            yield batch


def test_broken_off_anywhere_it_ends_with_the_same_bytes(noise, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "EVERY", 8)
    images, targets = noise(60).images, [i % 4 - 1 for i in range(60)]
    files = {}
    for name, cuts in {"whole": [], "once": [23], "often": [3, 9, 10, 25, 26, 44, 59, 60]}.items():
        for last in [*cuts, 10**9]:
            source = Breaking(images, targets)
            object.__setattr__(source, "last", last)
            folder = tmp_path / name
            try:
                found = exemplars(SUBJECT, source, LAYERS, k=4, batch_size=4, checkpoint=folder / "tally")
            except BrokenOff:
                continue
        for layer in LAYERS:
            write_exemplars(folder / f"{layer}.safetensors", found[layer])
        (checkpoint,) = (folder / "tally").iterdir()
        contents = [path.read_bytes() for path in sorted(folder.glob("*.safetensors"))]
        files[name] = [*contents, checkpoint.read_bytes()]
    assert files["once"] == files["whole"]
    assert files["often"] == files["whole"]


def test_pictures_that_cannot_be_decoded_stay_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "EVERY", 4)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 12, 12, 3), dtype=np.uint8)
    pictures = tmp_path / "pictures"
    for i, picture in enumerate(pixels):
        write_image(pictures / f"{i:02d}.png", picture)
    for i in (0, 5, 6, 19):
        (pictures / f"{i:02d}.png").write_bytes(b"no picture")
    whole = open_images(pictures, size=(12, 12))
    expected = exemplars(SUBJECT, whole, ["conv"], batch_size=4, checkpoint=tmp_path / "whole")["conv"]

    def break_off(done, total, label):
        if done == 8:
            raise BrokenOff

    broken = [open_images(pictures, size=(12, 12)) for _ in range(2)]
    with pytest.raises(BrokenOff):
        exemplars(SUBJECT, broken[0], ["conv"], batch_size=4, checkpoint=tmp_path / "a", progress=break_off)
    found = exemplars(SUBJECT, broken[1], ["conv"], batch_size=4, checkpoint=tmp_path / "a")["conv"]
    assert found.count == expected.count == 16
    assert torch.equal(found.top.index, expected.top.index)
    assert torch.equal(found.histogram.index, expected.histogram.index)
    assert broken[1].skipped == whole.skipped
    (one,), (other,) = (list((tmp_path / name).iterdir()) for name in ("whole", "a"))
    assert one.read_bytes() == other.read_bytes()


def test_going_on_decodes_nothing_again_and_knows_its_own_checkpoint(noise, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "EVERY", 4)
    seen = []

    class Counting(TensorImages):
        def batches(self, batch_size, *, start=0):
            seen.append(start)
            return super().batches(batch_size, start=start)

    source = Counting(noise(20).images)
    exemplars(SUBJECT, source, ["conv", "relu"], batch_size=4, checkpoint=tmp_path)
    exemplars(SUBJECT, source, ["relu"], batch_size=4, checkpoint=tmp_path)
    exemplars(
        SUBJECT, source, ["head"], batch_size=4, checkpoint=tmp_path
    )  # another layer: a pass of its own
    exemplars(SUBJECT, source, ["head"], batch_size=4, k=2, checkpoint=tmp_path)
    assert seen == [0, 20, 0, 0]


def test_what_is_kept_is_as_large_after_many_images_as_after_few(noise, tmp_path):
    sizes = []
    for count in (64, 640):
        folder = tmp_path / str(count)
        source = TensorImages(noise(count).images, [i % 3 for i in range(count)])
        exemplars(SUBJECT, source, LAYERS, batch_size=16, checkpoint=folder)
        (path,) = folder.iterdir()
        sizes.append(path.stat().st_size)
    assert abs(sizes[1] - sizes[0]) <= 16


def test_they_survive_a_file(noise, tmp_path):
    source = TensorImages(noise().images, [i % 3 for i in range(23)])
    found = exemplars(SUBJECT, source, ["conv"])["conv"]
    write_exemplars(tmp_path / "e.safetensors", found)
    held = read_exemplars(tmp_path / "e.safetensors", "conv", SUBJECT, source)
    assert torch.equal(held.top.index, found.top.index)
    assert torch.equal(held.bottom.score, found.bottom.score)
    assert torch.equal(held.histogram.index, found.histogram.index)
    assert torch.equal(held.by_class.mean, found.by_class.mean)
    assert (held.count, held.provenance) == (found.count, found.provenance)


def test_bad_input_is_one_sentence(noise):
    with pytest.raises(UnknownName, match="conv"):
        exemplars(SUBJECT, noise(), ["cnov"])
    with pytest.raises(BadInput, match="no images"):
        exemplars(SUBJECT, noise(0), ["conv"])
    broken = noise(5)
    broken.images[3, 0, 2, 2] = float("nan")
    with pytest.raises(NotFinite, match=r"conv:\d+ of planted is nan on image 3"):
        exemplars(SUBJECT, broken, ["conv"], batch_size=2)
