"""Transforms move each image its own way, by no more than promised."""

import pytest
import torch

from core.errors import BadInput
from feature_viz.transforms import STANDARD, STILL, Wobble, draws, transform, view_size, white_noise


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


def test_crops_are_as_large_as_promised_and_inside():
    wobble = Wobble(shift=0.0, zoom=0.0, turn=0.0, crop=(0.2, 0.25))
    ramp = torch.linspace(0, 1, 101).expand(1, 1, 101, 101)
    drawn = draws(torch.Generator().manual_seed(0), 200)
    seen = transform(ramp, drawn, wobble, size=(50, 50))
    sides = (seen[:, 0, 0, -1] - seen[:, 0, 0, 0]) * 101 / 100 * 50 / 49 * 100 / 101
    assert seen.shape == (200, 1, 50, 50)
    assert sides.min() > 0.19
    assert sides.max() < 0.26  # Horama's reach 0.30 for this range
    assert seen.min() < 0.1
    assert seen.max() > 0.9


def test_views_are_each_images_own():
    images = torch.rand(2, 3, 16, 16)
    drawn = draws(torch.Generator().manual_seed(0), 6)
    wobble = Wobble(crop=(0.5, 0.9), noise=0.1)
    together = transform(images, drawn, wobble, size=(9, 9))
    for view in range(3):
        for image in range(2):
            row = view * 2 + image
            alone = transform(images[image : image + 1], drawn[row : row + 1], wobble, size=(9, 9))
            assert torch.allclose(together[row], alone[0], atol=1e-6)


def test_noise_is_white_and_another_for_every_draw():
    noise = white_noise(draws(torch.Generator().manual_seed(0), 3), torch.zeros(3, 64, 64)).flatten(1)
    assert torch.allclose(noise.mean(1), torch.zeros(3), atol=0.03)
    assert torch.allclose(noise.std(1), torch.ones(3), atol=0.03)
    alike = torch.corrcoef(torch.cat([noise, noise.roll(1, 1), noise.roll(64, 1)]))
    assert (alike - torch.eye(9)).abs().max() < 0.05


def test_pictures_are_seen_at_the_networks_size_only_through_crops():
    assert view_size(Wobble(crop=(0.2, 0.5)), (64, 64), (224, 224)) == (64, 64)
    assert view_size(Wobble(crop=(0.2, 0.5)), (512, 512), (224, 224)) == (224, 224)
    assert transform(torch.rand(1, 3, 40, 40), torch.zeros(1, 4), STILL, size=(20, 20)).shape[2:] == (20, 20)


@pytest.mark.parametrize("shape", [(1, 28, 28), (4, 13, 13), (2, 9, 31)])
def test_any_channels_and_sizes(shape):
    seen = transform(torch.rand(2, *shape), draws(torch.Generator().manual_seed(0), 4), Wobble(noise=0.1))
    assert seen.shape == (4, *shape)


def test_impossible_strengths_are_refused():
    for wrong in ({"shift": 2.0}, {"crop": (0.5, 0.2)}, {"noise": -1.0}, {"views": 0}):
        with pytest.raises(BadInput, match=next(iter(wrong))):
            Wobble(**wrong)
