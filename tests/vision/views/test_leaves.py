"""Leaves: what an element does to the leaves is what it does to the picture."""

import numpy as np
import pytest
import torch

from core.errors import BadInput
from vision.views.actions import hue, parse, rotation
from vision.views.leaves import leaves


def view(action, size=(48, 48), count=4, **options):
    return next(leaves(action, count=count, size=size, **options).batches(count))


def test_quarter_turns_and_mirrors_of_leaves_are_those_of_their_pixels():
    show = view(parse("dihedral:90"))
    plain = show(0)
    for element in range(8):
        mirrored, turns = divmod(element, 4)
        expected = torch.rot90(plain.flip(3) if mirrored else plain, turns, (2, 3))
        assert torch.allclose(show(element), expected, atol=2e-3)
        assert (show(element) - expected).abs().mean() < 1e-5


def test_hues_and_inversions_are_the_same_matrix_on_every_pixel():
    show = view(hue(3))
    assert torch.allclose(show(1), show(0)[:, [2, 0, 1]], atol=1e-5)
    show = view(parse("contrast*rotation:90"))
    assert torch.allclose(show(4), 1 - show(0), atol=1e-5)
    grey = view(hue(12), chroma=0.0)
    assert torch.allclose(grey(5), grey(0), atol=1e-5)


def test_colours_stay_within_bounds_under_every_hue():
    show = view(hue(12), count=8)
    for element in range(12):
        assert show(element).min() > -1e-5
        assert show(element).max() < 1 + 1e-5


@pytest.mark.parametrize("name", ["rotation:30", "scale:1.1", "dihedral:45"])
def test_a_thing_at_a_place_is_found_where_the_place_goes(name):
    source = leaves(parse(name), count=4, size=(96, 96), sizes=(0.15, 0.5))
    show = next(source.batches(4))
    identity = source.group.identity
    element = len(source.group) - 1
    spots = torch.tensor(np.random.default_rng(0).uniform(-0.5, 0.5, (400, 2)))
    moved = spots @ torch.from_numpy(source.places[element]).T
    read = [
        torch.nn.functional.grid_sample(
            show(g), at.flip(1).float()[None, None].expand(4, -1, -1, -1), align_corners=False
        ).flatten()
        for g, at in ((identity, spots), (element, moved))
    ]
    assert np.corrcoef(*read)[0, 1] > 0.97


def test_the_pictures_look_alike_under_every_turn_to_their_corners():
    show = view(rotation(8), count=24)
    spread = [show(g)[..., :6, :6].std().item() for g in range(8)]
    assert max(spread) / min(spread) < 1.4
    edges = [
        (show(g).diff(dim=2).square().mean() / show(g).diff(dim=3).square().mean()).item() for g in range(8)
    ]
    assert all(0.8 < share < 1.25 for share in edges)


def test_edges_are_soft_and_things_hide_each_other():
    """One disc on plain ground: covered inside, open outside, half covered on the edge; a nearer one hides it."""
    from vision.views.leaf_drawing import Leaves, draw

    def disc(radii, colours):
        n = len(radii)
        planes = np.zeros((1, n, 4, 3), np.float32)
        planes[..., 2] = 1e3
        shown = np.repeat(np.array(colours, np.float32)[None, :, None, None], 2, 2)
        zeros = np.zeros((1, n), np.float32)
        return Leaves(
            np.zeros((1, n, 2), np.float32), np.array([radii], np.float32), planes, zeros,
            np.zeros((1, n), np.int8), np.zeros((1, n, 3), np.float32), shown, np.array([[-0.5]], np.float32),
        )  # fmt: skip

    image = draw(disc([5.0, 8.0], [0.5, 0.0]), np.eye(2), np.eye(1), (21, 21))[0, 0]
    assert np.allclose(image[10, [10, 13, 17, 20]], [1.0, 1.0, 0.5, 0.0])
    assert image[10, 15] == pytest.approx(0.75, abs=0.01)
    area = (draw(disc([7.3], [0.5]), np.eye(2), np.eye(1), (21, 21))).sum()
    assert area == pytest.approx(np.pi * 7.3**2, rel=0.01)


def test_a_picture_depends_on_seed_and_number_alone():
    few = leaves(rotation(4), count=5, size=(24, 24), seed=3)
    assert torch.equal(next(few.batches(5))(1), torch.cat([show(1) for show in few.batches(2)]))
    assert few.fingerprint != leaves(rotation(4), count=5, size=(24, 24), seed=4).fingerprint


def test_other_numbers_of_channels():
    assert view(rotation(4), channels=1)(1).shape == (4, 1, 48, 48)
    assert view(rotation(4), channels=5, size=(24, 40))(1).shape == (4, 5, 24, 40)


def test_what_leaves_cannot_be_done_is_refused():
    with pytest.raises(BadInput, match="take waves or photographs"):
        leaves(parse("phase"), count=1, size=(24, 24))
    with pytest.raises(BadInput, match="the smaller first"):
        leaves(rotation(), count=1, size=(24, 24), sizes=(0.5, 0.1))
