"""Photographs: exact where pixels are exchanged, alike for every element where they are resampled."""

import numpy as np
import pytest
import torch

from core.errors import BadInput
from vision.datasets import open_images
from vision.views.actions import hue, parse, rotation, scale
from vision.views.photographs import photographs


@pytest.fixture(scope="module")
def pictures():
    return open_images("shapes", size=(96, 96), count=8)


@pytest.fixture(scope="module")
def plain(pictures):
    return torch.cat(list(pictures.batches(8)))


def disc(views):
    down, across = np.mgrid[:96, :96] - 47.5
    return torch.from_numpy(np.hypot(down, across) < 48 * views.valid)


def apart(one, other, views):
    """How much two views differ within the disc, as a share of their contrast."""
    inside = disc(views)
    return ((one - other)[..., inside].std() / one[..., inside].std()).item()


def test_mirrors_quarter_turns_and_hues_are_exact_and_need_no_disc(plain):
    views = photographs(plain, parse("dihedral:90"))
    show = next(views.batches(8))
    assert views.valid == 1
    assert torch.equal(show(0), plain)
    for element in range(8):
        mirrored, turns = divmod(element, 4)
        assert torch.equal(show(element), torch.rot90(plain.flip(3) if mirrored else plain, turns, (2, 3)))
    show = next(photographs(plain, hue(3)).batches(8))
    assert torch.allclose(show(1), plain[:, [2, 0, 1]], atol=1e-6)
    assert torch.allclose(next(photographs(plain, parse("contrast")).batches(8))(1), 1 - plain, atol=1e-6)


def test_a_view_is_no_window_on_the_pictures(plain):
    show = next(photographs(plain, parse("mirror")).batches(8))
    show(0).zero_()
    assert torch.equal(show(0), plain)
    assert plain.max() > 0


def test_quarter_turns_among_others_are_exact_too(plain):
    show = next(photographs(plain, rotation(8)).batches(8))
    for turns in range(4):
        assert torch.allclose(show(2 * turns), torch.rot90(show(0), turns, (2, 3)), atol=1e-4)


def test_resampled_views_multiply_as_the_group(plain):
    """Of views of views both sides have been filtered twice: what is left is the splines' own error."""
    views = photographs(plain, rotation(24))
    show = next(views.batches(8))
    again = {g: next(photographs(show(g), rotation(24)).batches(8)) for g in (1, 3, 7)}
    twice = next(photographs(show(0), rotation(24)).batches(8))
    for g, h in ((1, 1), (3, 2), (7, 10)):
        assert apart(twice(g + h), again[g](h), views) < 0.02


def test_no_element_is_sharper_than_another(plain):
    show = next(photographs(plain, rotation(24)).batches(8))
    fine = np.hypot(np.fft.fftfreq(96)[:, None], np.fft.rfftfreq(96)[None]) > 0.2
    power = [
        torch.fft.rfft2(show(g)).abs().square()[..., torch.from_numpy(fine)].sum().item() for g in range(6)
    ]
    assert max(power) / min(power) < 1.03


def test_a_bright_spot_goes_where_places_say():
    spot = torch.full((1, 3, 96, 96), 0.5)
    spot[..., 30:33, 60:63] = 1
    for name in ("rotation:15", "scale:1.1", "dihedral:30", "mirror"):
        views = photographs(spot, parse(name))
        show = next(views.batches(1))
        start = centre(show(views.group.identity))
        for element in range(0, len(views.group), 3):
            assert np.allclose(centre(show(element)), views.places[element] @ start, atol=0.02)


def centre(image):
    """Where the bright spot is, in half sides from the middle."""
    light = (image[0, 0] - image[0, 0].median()).clamp(min=0).square().numpy()
    axis = (np.arange(96) - 47.5) / 48
    return np.array([(light.sum(1) * axis).sum(), (light.sum(0) * axis).sum()]) / light.sum()


def test_hue_and_rotation_at_once(plain):
    views = photographs(plain, parse("hue:120*rotation:90"))
    turned = photographs(plain, parse("rotation:90"))
    show, turn = next(views.batches(8)), next(turned.batches(8))
    assert torch.allclose(show(5), turn(1)[:, [2, 0, 1]], atol=1e-5)
    views = photographs(plain, parse("hue:120*rotation:45"))
    show, turn = next(views.batches(8)), next(photographs(plain, rotation(8)).batches(8))
    assert torch.allclose(show(8 + 3), turn(3)[:, [2, 0, 1]], atol=1e-4)


def test_whitened_pictures_have_a_flat_spectrum_and_their_contrast(pictures):
    slopes, spread = [], []
    for share in (0.0, 1.0):
        show = next(photographs(pictures, rotation(24), whiten=share).batches(8))
        power = torch.fft.rfft2(show(0) - 0.5).abs().square().mean((0, 1)).numpy()
        frequency = np.hypot(np.fft.fftfreq(96)[:, None], np.fft.rfftfreq(96)[None])
        band = (frequency > 0.03) & (frequency < 0.25)
        slopes.append(np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0])
        spread.append(show(0).std().item())
    assert slopes[0] < -1.5
    assert abs(slopes[1]) < 0.5
    assert 0.6 < spread[1] / spread[0] < 1.6


def test_phases_of_photographs(plain):
    views = photographs(plain, parse("phase:90"))
    show = next(views.batches(8))
    assert torch.allclose(show(0) - 0.5, show(0) - 0.5)
    level = [show(g) - 0.5 for g in range(4)]
    assert (
        apart(level[0] + level[2], level[1] + level[3], views) < 1e-3
    )  # both are what stays under every phase
    assert apart(level[0], level[1], views) > 0.2


def test_oblong_and_grey_pictures():
    images = torch.rand(2, 1, 40, 64)
    views = photographs(images, rotation(8))
    show = next(views.batches(2))
    assert show(1).shape == images.shape
    assert views.valid == pytest.approx(0.86 * 40 / 64)
    assert np.allclose(views.places[2] @ (0, 0.5), (-0.8, 0))
    with pytest.raises(BadInput, match="1 channel"):
        next(photographs(images, hue()).batches(2))


def test_pictures_of_which_nothing_would_be_left_are_refused():
    with pytest.raises(BadInput, match="leaves a disc of"):
        photographs(torch.rand(1, 3, 16, 16), scale(2.0, each_way=2))
    with pytest.raises(BadInput, match="at least 5 x 5"):
        photographs(torch.rand(1, 3, 1, 16), rotation())
    with pytest.raises(BadInput, match="between 0 and 1"):
        photographs(torch.rand(1, 3, 16, 16), rotation(), whiten=2.0)


def test_each_picture_is_decoded_once_a_pass(plain):
    asked = []

    class Counting:
        fingerprint, size = "counting", (96, 96)

        def __len__(self):
            return 8

        def batches(self, batch_size, *, start=0):
            asked.append(batch_size)
            yield from plain[start:].split(batch_size)

    for show in photographs(Counting(), rotation(4)).batches(4):
        for element in range(4):
            show(element)
    assert asked == [4]
