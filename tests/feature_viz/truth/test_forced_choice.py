"""Planted truth: pictures of what the top crops share are right, pictures of nothing are at chance."""

import pytest
import torch

from core.testing import planted_classifier
from feature_viz.truth.forced_choice import forced_choice, identification, natural_choice, others_choice
from feature_viz.truth.judge import described, judge_by


@pytest.fixture(scope="module")
def judge():
    natural = torch.rand(24, 3, 1, 1, generator=torch.Generator().manual_seed(0)).expand(-1, -1, 16, 16)
    return judge_by(planted_classifier(seed=0), natural)


def tinted(n, k, channel, seed):
    """Noisy images with one channel brighter."""
    images = 0.3 + 0.2 * torch.rand(n, k, 3, 20, 20, generator=torch.Generator().manual_seed(seed))
    images[:, :, channel] += 0.4
    return images


def seen(judge, images):
    return described(judge, images.flatten(0, 1)).view(*images.shape[:2], -1)


def test_a_picture_of_what_the_top_crops_share_is_always_right(judge):
    top, bottom = seen(judge, tinted(2, 5, 0, 1)), seen(judge, tinted(2, 4, 2, 2))
    red, blue = (described(judge, tinted(2, 1, channel, 3)[:, 0]) for channel in (0, 2))
    assert forced_choice(red, top, bottom).tolist() == [1.0, 1.0]
    assert forced_choice(blue, top, bottom).tolist() == [0.0, 0.0]
    assert natural_choice(top, bottom).tolist() == [1.0, 1.0]


def test_crops_that_share_nothing_leave_chance(judge):
    mixed = torch.cat([tinted(40, 2, channel, 5 + channel) for channel in range(3)], 1)
    top, bottom = seen(judge, mixed), seen(judge, mixed.roll(7, 0) + 1e-3)
    pictures = described(judge, torch.rand(40, 3, 20, 20, generator=torch.Generator().manual_seed(1)))
    assert float(forced_choice(pictures, top, bottom).mean()) == pytest.approx(0.5, abs=0.05)
    assert float(natural_choice(top, bottom).mean()) == pytest.approx(0.5, abs=0.2)


def test_natural_choice_against_leaving_one_out_by_hand(judge):
    top, bottom = seen(judge, tinted(1, 3, 0, 1)), seen(judge, tinted(1, 2, 1, 9) * 0.99)
    right = [
        float(top[0, held] @ top[0, i] > top[0, held] @ low)
        for held in range(3)
        for i in range(3)
        if i != held
        for low in bottom[0]
    ]
    assert natural_choice(top, bottom).tolist() == pytest.approx([sum(right) / len(right)])


def test_a_single_crop_cannot_be_left_out(judge):
    top = seen(judge, tinted(2, 1, 0, 1))
    assert torch.isnan(natural_choice(top, top)).all()


def test_pictures_that_any_unit_could_have_are_found_out(judge):
    """Both units' tops are bright and both bottoms dark: either picture is right, and says nothing of its unit."""
    top = torch.stack([tinted(1, 5, channel, 1)[0] for channel in (0, 2)])
    high, low = seen(judge, top), seen(judge, 0.3 * tinted(2, 5, 1, 2))
    same = described(judge, tinted(1, 1, 0, 3)[0]).repeat(2, 1)
    own = torch.cat([described(judge, tinted(1, 1, channel, 3)[0]) for channel in (0, 2)])
    assert identification(own, high).tolist() == [1.0, 1.0]
    assert identification(own.flip(0), high).tolist() == [0.0, 0.0]
    assert float(identification(same, high).mean()) == pytest.approx(0.5)
    assert forced_choice(own, high, low).tolist() == [1.0, 1.0]
    torch.testing.assert_close(others_choice(own, high, low), forced_choice(own.flip(0), high, low))


def test_one_unit_alone_has_nothing_to_be_told_from(judge):
    top = seen(judge, tinted(1, 3, 0, 1))
    assert torch.isnan(identification(top[:, 0], top)).all()
    assert torch.isnan(others_choice(top[:, 0], top, top)).all()
