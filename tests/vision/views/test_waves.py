"""Waves: what an element does to the waves is what it does to the picture, exactly."""

import numpy as np
import pytest
import torch

from core.errors import BadInput
from vision.views.actions import hue, parse, rotation, scale
from vision.views.waves import Spectrum, waves


def view(action, size=(40, 40), **options):
    return next(waves(action, count=4, size=size, **options).batches(4))


def test_quarter_turns_and_mirrors_of_waves_are_those_of_their_pixels():
    action = parse("dihedral:90")
    show = view(action)
    plain = show(0)
    for element in range(8):
        mirrored, turns = divmod(element, 4)
        expected = torch.rot90(plain.flip(3) if mirrored else plain, turns, (2, 3))
        assert torch.allclose(show(element), expected, atol=1e-4)


def test_hue_is_the_same_matrix_on_every_pixel_and_keeps_grey_grey():
    show = view(hue(3))
    assert torch.allclose(show(1), show(0)[:, [2, 0, 1]], atol=1e-4)
    grey = view(hue(12), chroma=0.0)
    assert torch.allclose(grey(5), grey(0), atol=1e-4)
    assert torch.allclose(grey(0)[:, 0], grey(0)[:, 2], atol=1e-4)


def test_contrast_and_half_a_wave_turn_light_to_dark_and_full_waves_come_back():
    for name in ("contrast", "phase:180"):
        show = view(parse(name))
        assert torch.allclose(show(1), 1 - show(0), atol=1e-4)
    show = view(parse("phase:90"))
    assert torch.allclose(show(2), 1 - show(0), atol=1e-4)
    assert not torch.allclose(show(1), show(0), atol=0.1)


def test_a_shift_of_phase_moves_gratings_up():
    show = view(parse("phase:90"), each=1, spectrum=Spectrum(0.1, 0.101))
    rows = (show(0)[:, 0] - 0.5).numpy(), (show(1)[:, 0] - 0.5).numpy()
    for before, after in zip(*rows, strict=True):
        up, down = np.mean(before[2:] * after[:-2]), np.mean(before[:-2] * after[2:])
        assert up > down


@pytest.mark.parametrize("name", ["rotation:30", "scale"])
def test_a_wave_at_a_place_is_found_where_the_place_goes(name):
    """Two views agree along the places' map, read off between pixels."""
    action = parse(name)
    source = waves(action, count=4, size=(64, 64), spectrum=Spectrum(0.03, 0.12))
    show = next(source.batches(4))
    element = action.group.identity + 1
    base = show(action.group.identity)
    spots = torch.tensor(np.random.default_rng(0).uniform(-0.5, 0.5, (200, 2)))
    moved = spots @ torch.from_numpy(source.places[element]).T
    read = [
        torch.nn.functional.grid_sample(
            shown, at.flip(1).float()[None, None].expand(4, -1, -1, -1), mode="bicubic", align_corners=False
        )
        for shown, at in ((base, spots), (show(element), moved))
    ]
    alike = np.corrcoef(read[0].flatten(), read[1].flatten())[0, 1]
    assert alike > (0.999 if name != "scale" else 0.9)  # scaling lets other waves in at the spectrum's ends


@pytest.mark.parametrize("tilt", [0.0, 1.0, 2.0])
def test_scaled_views_have_the_same_contrast(tilt):
    action = scale(2**0.5, each_way=2)
    show = next(waves(action, count=24, size=(64, 64), spectrum=Spectrum(tilt=tilt)).batches(24))
    spread = [show(element).std().item() for element in range(5)]
    assert max(spread) / min(spread) < 1.15
    assert 0.17 < min(spread) < 0.24


def test_pictures_depend_on_seed_and_number_alone():
    few = waves(rotation(4), count=5, size=(16, 16), seed=3)
    together = next(few.batches(5))(1)
    apart = torch.cat([show(1) for show in few.batches(2)])
    assert torch.allclose(together, apart, atol=1e-6)
    assert len(few) == 5
    assert few.fingerprint == waves(rotation(4), count=5, size=(16, 16), seed=3).fingerprint
    assert few.fingerprint != waves(rotation(4), count=5, size=(16, 16), seed=4).fingerprint


def test_one_channel_takes_turns_but_no_hues():
    assert view(parse("contrast*rotation:90"), channels=1)(1).shape == (4, 1, 40, 40)
    with pytest.raises(BadInput, match=r"hue acts on red, green and blue, but the pictures have 1 channel"):
        waves(hue(), count=1, size=(16, 16), channels=1)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(BadInput, match=r"0 to 0\.5 cycles"):
        waves(rotation(), count=1, size=(16, 16), spectrum=Spectrum(highest=0.6))
    with pytest.raises(BadInput, match="at least one"):
        waves(rotation(), count=0, size=(16, 16))
    with pytest.raises(BadInput, match="1 x 16"):
        waves(rotation(), count=1, size=(1, 16))
