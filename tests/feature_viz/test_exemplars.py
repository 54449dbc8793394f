"""Exemplars are what brute force over the whole data set gives, whatever the batches."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.activations import capture
from core.errors import BadInput, NotFinite, UnknownName
from core.layers import as_maps
from core.testing import planted_classifier
from feature_viz.exemplars import exemplars, read_exemplars, write_exemplars

SUBJECT = planted_classifier(seed=0)
LAYERS = ["conv", "relu", "head"]


def brute_force(images, layer, k, *, largest):
    maps = as_maps(capture(SUBJECT, images, [layer])[layer], SUBJECT.layers[layer]).numpy()
    scores = maps.max((2, 3))
    order = np.argsort(-scores if largest else scores, axis=0, kind="stable")[:k]
    units = np.arange(scores.shape[1])
    places = maps.reshape(*scores.shape, -1).argmax(2)
    return scores, order, scores[order, units], places[order, units]


@given(count=st.integers(1, 40), k=st.integers(1, 9), batch_size=st.integers(1, 17))
@settings(max_examples=15, deadline=None)
def test_they_equal_brute_force(noise, count, k, batch_size):
    source = noise(count)
    found = exemplars(SUBJECT, source, LAYERS, k=k, batch_size=batch_size)
    for layer in LAYERS:
        one = found[layer]
        for ranking, largest in ((one.top, True), (one.bottom, False)):
            scores, order, best, places = brute_force(source.images, layer, k, largest=largest)
            np.testing.assert_allclose(ranking.score.numpy(), best, rtol=1e-5, atol=1e-6)
            if layer != "relu" or largest:  # equal zeros rank by index; rounding cannot reorder the rest
                np.testing.assert_array_equal(ranking.index.numpy(), order)
                width = as_maps(capture(SUBJECT, source.images[:1], [layer])[layer], SUBJECT.layers[layer]).shape[3]
                np.testing.assert_array_equal((ranking.row * width + ranking.column).numpy(), places)
        np.testing.assert_allclose(one.mean.numpy(), scores.mean(0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(one.sd.numpy(), scores.std(0), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(one.firing.numpy(), (scores > 0).mean(0), rtol=1e-6)


def test_they_survive_a_file(noise, tmp_path):
    source = noise()
    found = exemplars(SUBJECT, source, ["conv"])["conv"]
    write_exemplars(tmp_path / "e.safetensors", found)
    held = read_exemplars(tmp_path / "e.safetensors", "conv", SUBJECT, source)
    assert torch.equal(held.top.index, found.top.index)
    assert torch.equal(held.bottom.score, found.bottom.score)
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
