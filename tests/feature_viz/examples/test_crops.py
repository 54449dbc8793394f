"""Crops show the images asked for, and no more images than needed are looked at."""

import numpy as np
import pytest
import torch

from core.receptive import receptive_fields
from core.testing import planted_classifier
from feature_viz.examples.crops import (
    BOTTOM,
    STRETCHES,
    bottom_cells,
    crops,
    cut,
    pictures,
    range_cells,
    top_cells,
    unit_strips,
)
from feature_viz.examples.exemplars import exemplars
from feature_viz.examples.tensor_source import TensorImages

SUBJECT = planted_classifier(seed=0)


class Plain:
    """Images that come in order only; counts how many were handed out."""

    fingerprint, size = "plain", (12, 12)

    def __init__(self, images):
        self.images, self.given = images, 0

    def __len__(self):
        return len(self.images)

    def batches(self, batch_size, *, start=0):
        for batch in self.images[start:].split(batch_size):
            self.given += len(batch)
            yield batch


@pytest.fixture(scope="module")
def known(noise):
    images = noise(80).images
    found = exemplars(SUBJECT, TensorImages(images), ["conv"], k=4)["conv"]
    return images, found, receptive_fields(SUBJECT, ["conv"], size=(12, 12))["conv"]


def test_range_cells_rise_across_the_whole_range(known):
    _, found, field = known
    for unit in range(4):
        scores = [cell.score for cell in range_cells(field, found, unit)]
        assert scores == sorted(scores)
        low, high = float(found.bottom.score[0, unit]), float(found.top.score[0, unit])
        assert 2 <= len(scores) <= STRETCHES
        assert scores[0] < low + (high - low) / 3
        assert scores[-1] > high - (high - low) / 3
        weakest = bottom_cells(field, found, unit)
        assert [cell.index for cell in weakest] == found.bottom.index[:BOTTOM, unit].tolist()


@pytest.mark.parametrize("count", [5, 9, 80])
def test_a_range_strip_shows_no_image_twice(noise, count):
    found = exemplars(SUBJECT, TensorImages(noise(80).images[:count]), ["conv"], k=4)["conv"]
    field = receptive_fields(SUBJECT, ["conv"], size=(12, 12))["conv"]
    for unit in range(4):
        cells = bottom_cells(field, found, unit) + range_cells(field, found, unit)
        assert len({cell.index for cell in cells}) == len(cells) > BOTTOM


def test_a_constant_unit_has_one_stretch_at_most(known):
    _, _, field = known
    black = TensorImages(torch.zeros(5, 3, 12, 12))
    found = exemplars(SUBJECT, black, ["conv"], k=4)["conv"]
    assert len(range_cells(field, found, 0)) <= 1


def test_strips_are_the_same_from_any_kind_of_source(known):
    images, found, field = known
    plain = Plain(images)
    both = [
        unit_strips(source, found, field, [0, 3], batch_size=7) for source in (plain, TensorImages(images))
    ]
    for unit in (0, 3):
        assert np.array_equal(both[0][unit].top, both[1][unit].top)
        assert np.array_equal(both[0][unit].range, both[1][unit].range)
        assert both[0][unit].top.shape == (12, 12 * 4, 3)
        cells = bottom_cells(field, found, unit) + range_cells(field, found, unit)
        assert both[0][unit].range.shape == (12, 12 * len(cells), 3)
    alone = cut(plain, field, {3: top_cells(field, found, 3)})
    assert np.array_equal(alone[3], both[0][3].top)


def test_a_strip_shows_its_images(known):
    images, found, field = known
    cells = top_cells(field, found, 2)
    sheet = cut(TensorImages(images), field, {"any key": cells})["any key"]
    tensors = crops(TensorImages(images), [cells, cells[:2]], size=12)
    for place, cell in enumerate(cells):  # the field is so small that the window is the image
        expected = images[cell.index]
        assert torch.equal(tensors[0, place], expected)
        np.testing.assert_allclose(
            sheet[:, place * 12 : (place + 1) * 12], expected.permute(1, 2, 0).numpy() * 255, atol=0.51
        )
    assert tensors.shape == (2, 4, 3, 12, 12)
    assert not tensors[1, 2:].any()


def test_looking_stops_after_the_last_one_wanted(known):
    source = Plain(known[0])
    got = dict(pictures(source, [9, 2, 9], batch_size=4))
    assert list(got) == [2, 9]
    assert torch.equal(got[9], known[0][9])
    assert source.given == 12
    assert dict(pictures(Plain(known[0]), [])) == {}
