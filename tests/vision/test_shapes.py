"""The recorded factors are those of the picture, and image i is image i however it is asked for."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from core.errors import BadInput
from vision import shapes
from vision.colours import hsv_to_rgb, hue_of


@pytest.fixture(scope="module")
def drawn():
    return shapes.generate(5, 3000)


def rows_of(drawn, *names):
    return np.flatnonzero(np.isin(drawn.labels.numpy(), [shapes.CLASSES.index(name) for name in names]))


def turn_between(a, b, period):
    """Smallest angle between two circular numbers."""
    return np.abs((a - b + period / 2) % period - period / 2)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=12), st.integers(0, 2**31))
def test_an_image_depends_on_seed_and_number_alone(numbers, seed):
    together = shapes.generate(seed, numbers)
    alone = [shapes.generate(seed, [number]) for number in numbers]
    assert all((together.images[k] == one.images[0]).all() for k, one in enumerate(alone))
    for name, values in together.factors.items():
        assert np.array_equal(values, [one.factors[name][0] for one in alone], equal_nan=True)


def test_images_are_8_bit_pictures_and_seeds_differ(drawn):
    images = drawn.images
    assert images.shape == (3000, 3, shapes.SIZE, shapes.SIZE)
    assert images.dtype == torch.float32
    assert images.min() >= 0
    assert images.max() <= 1
    levels = images[:50] * 255
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)
    assert (images[:50] != shapes.generate(6, 50).images).any(dim=(1, 2, 3)).all()


def test_classes_are_evenly_frequent(drawn):
    counts = np.bincount(drawn.labels.numpy(), minlength=len(shapes.CLASSES))
    assert counts.min() > 3000 / 16 * 0.7
    assert counts.max() < 3000 / 16 * 1.3


@pytest.mark.parametrize("factor", shapes.FACTORS, ids=lambda factor: factor.name)
def test_factors_stay_in_the_range_that_the_table_states(drawn, factor):
    values = drawn.factors[factor.name]
    values = values[np.isfinite(values)]
    assert len(values) > 100
    assert values.min() >= factor.low - 1e-9
    assert values.max() <= factor.high + 1e-9
    spread = factor.high - (factor.kind == "choice") - factor.low
    assert values.max() - values.min() > 0.6 * spread


def test_a_class_has_the_factors_that_its_entry_lists(drawn):
    for number, shape in enumerate(shapes.SHAPES):
        rows = np.flatnonzero(drawn.labels.numpy() == number)
        for name in ("x", "size", "frequency", "opening", "phase", "outline"):
            assert np.isfinite(drawn.factors[name][rows]).all() == (name in shape.ranges)
        assert np.isfinite(drawn.factors["orientation"][rows]).all() == bool(shape.period)


def test_the_hue_of_a_discs_middle_is_the_recorded_hue(drawn):
    rows = rows_of(drawn, "disc")
    left = (drawn.factors["x"][rows] * shapes.SIZE).astype(int)
    top = (drawn.factors["y"][rows] * shapes.SIZE).astype(int)
    patches = [
        drawn.images[r, :, y - 3 : y + 4, x - 3 : x + 4] for r, y, x in zip(rows, top, left, strict=True)
    ]
    colours = torch.stack(patches).mean((2, 3)).double().numpy()
    error = turn_between(hue_of(colours), drawn.factors["hue"][rows], 360)
    assert np.median(error) < 2
    assert np.quantile(error, 0.95) < 10
    true = hsv_to_rgb(*(drawn.factors[name][rows] for name in ("hue", "saturation", "value")))
    assert np.abs(colours - true).max() < 0.05


def test_the_middle_of_a_disc_is_at_the_recorded_place_and_its_area_gives_the_size(drawn):
    rows = rows_of(drawn, "disc")
    factors = {name: drawn.factors[name][rows] for name in drawn.factors}
    front = hsv_to_rgb(factors["hue"], factors["saturation"], factors["value"])
    back = hsv_to_rgb(
        factors["background_hue"], factors["background_saturation"], factors["background_value"]
    )
    clean = (factors["background"] == 0) & (factors["contrast"] > 0.3)
    clean &= (np.minimum(factors["x"], factors["y"]) > factors["size"]) & (
        np.maximum(factors["x"], factors["y"]) < 1 - factors["size"]
    )
    assert clean.sum() > 5
    for k in np.flatnonzero(clean):
        axis = front[k] - back[k]
        image = drawn.images[rows[k]].double().numpy()
        cover = np.einsum("chw,c->hw", image - back[k][:, None, None], axis) / (axis @ axis)
        cover = np.where(cover > 0.4, cover, 0)
        places = (np.arange(shapes.SIZE) + 0.5) / shapes.SIZE
        assert abs((cover.sum(0) @ places) / cover.sum() - factors["x"][k]) < 0.02
        assert abs((cover.sum(1) @ places) / cover.sum() - factors["y"][k]) < 0.02
        assert abs(np.sqrt(cover.sum() / shapes.SIZE**2 / np.pi) - factors["size"][k]) < 0.02


@pytest.mark.parametrize("name", ["grating", "line"])
def test_the_orientation_that_a_structure_tensor_measures_is_the_recorded_one(drawn, name):
    rows = rows_of(drawn, name)
    rows = rows[(drawn.factors["background"][rows] == 0) & (drawn.factors["contrast"][rows] > 0.3)]
    images = drawn.images[rows].double().numpy()
    down, right = (
        gaussian_filter(images, (0, 0, 1.5, 1.5), order=(0, 0, *which)) for which in ((1, 0), (0, 1))
    )
    down, right = (gradient[..., 4:-4, 4:-4] for gradient in (down, right))
    axes = ((right * right).sum((1, 2, 3)), (right * down).sum((1, 2, 3)), (down * down).sum((1, 2, 3)))
    across = 0.5 * np.arctan2(2 * axes[1], axes[0] - axes[2])  # of the gradient, clockwise
    measured = np.rad2deg(-across) + 90
    error = turn_between(measured, drawn.factors["orientation"][rows], 180)
    assert len(rows) > 20
    assert np.median(error) < 2
    assert np.quantile(error, 0.9) < 6


def test_the_frequency_of_a_grating_is_the_strongest_one_of_its_spectrum(drawn):
    rows = rows_of(drawn, "grating")
    grey = drawn.images[rows].mean(1)
    power = torch.fft.fft2(grey - grey.mean((1, 2), keepdim=True), s=(192, 192)).abs()
    cycles = torch.fft.fftfreq(192) * shapes.SIZE
    length = torch.hypot(cycles[:, None], cycles[None, :]).flatten()
    measured = length[power.flatten(1).argmax(1)].numpy()
    assert np.median(np.abs(measured - drawn.factors["frequency"][rows])) < 0.2


def test_mean_orientation_of_a_gradient_points_from_back_to_front(drawn):
    rows = rows_of(drawn, "gradient")
    factors = {name: drawn.factors[name][rows] for name in drawn.factors}
    front = hsv_to_rgb(factors["hue"], factors["saturation"], factors["value"])
    back = hsv_to_rgb(
        factors["background_hue"], factors["background_saturation"], factors["background_value"]
    )
    along = np.einsum("nchw,nc->nhw", drawn.images[rows].double().numpy(), front - back)
    place = np.linspace(-1, 1, shapes.SIZE)
    up, right = -(along.sum(2) @ place), along.sum(1) @ place
    error = turn_between(np.rad2deg(np.arctan2(up, right)), factors["orientation"], 360)
    assert np.median(error) < 6


def test_bad_numbers_are_refused():
    with pytest.raises(BadInput, match="numbered from 0"):
        shapes.generate(0, [-1])
    with pytest.raises(BadInput, match="at least 8 pixels"):
        shapes.generate(0, 3, size=4)
