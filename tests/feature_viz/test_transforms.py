"""Transforms move each image its own way, by no more than promised."""

import pytest
import torch

from core.errors import BadInput
from feature_viz.transforms import STANDARD, STILL, Wobble, draws, transform


def test_each_image_gets_its_own_draw_and_none_depends_on_its_batch():
    image = torch.rand(1, 3, 32, 32).expand(3, -1, -1, -1)
    drawn = draws(torch.Generator().manual_seed(0), 3)
    moved = transform(image, drawn, STANDARD)
    assert not torch.allclose(moved[0], moved[1])
    alone = transform(image[:1], drawn[1:2], STANDARD)
    assert torch.allclose(alone[0], moved[1], atol=1e-6)


def test_a_full_shift_moves_by_the_promised_share():
    image = torch.zeros(1, 1, 40, 40)
    image[..., 20, 20] = 1.0
    moved = transform(image, torch.tensor([[0.0, 0.0, 1.0, -1.0]]), Wobble(shift=0.1, zoom=0.0, turn=0.0))
    assert divmod(int(moved.argmax()), 40) == (24, 16)


def test_a_quarter_turn_of_an_oblong_keeps_its_proportions():
    image = torch.zeros(1, 1, 21, 41)
    image[..., 10, 20:29] = 1.0  # a bar of 9 px to the right of the middle
    moved = transform(image, torch.tensor([[1.0, 0.0, 0.0, 0.0]]), Wobble(shift=0.0, zoom=0.0, turn=90.0))
    rows, columns = (moved[0, 0] > 0.5).nonzero(as_tuple=True)
    assert set(columns.tolist()) == {20}
    assert rows.max() - rows.min() == 8


def test_nothing_leaves_the_range_and_no_frame_appears():
    image = torch.full((2, 3, 28, 28), 0.9)
    assert torch.allclose(transform(image, torch.ones(2, 4), STANDARD), image, atol=1e-5)
    assert transform(image, torch.ones(2, 4), STILL) is image


def test_impossible_strengths_are_refused():
    with pytest.raises(BadInput, match="shift"):
        Wobble(shift=2.0)
