"""The judge: images of any size and colour, alike if and only if they look alike."""

import pytest
import torch
from torch import nn

from core.errors import BadInput, UnknownName
from core.subject import InputSpec, wrap
from core.testing import planted_classifier
from feature_viz.truth.channel_statistics import channel_statistics
from feature_viz.truth.judge import described, judge_by, judging_layers


def noise(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_same_texture_is_alike_at_another_size_and_another_texture_is_not():
    natural = noise(16, 3, 1, 1).expand(-1, -1, 24, 24) * 0.5 + 0.5 * noise(16, 3, 24, 24, seed=1)
    judge = judge_by(planted_classifier(seed=0), natural)
    board = ((torch.arange(48)[:, None] + torch.arange(48)) % 2).float().expand(1, 3, 48, 48)
    checks, small = described(judge, board), described(judge, board[..., :30, :30])
    stripes = described(judge, (torch.arange(48) % 8 < 4).float().expand(1, 3, 48, 48))
    assert (checks * small).sum() > 0.99
    assert (checks * stripes).sum() < 0.9


def test_a_natural_image_is_in_the_middle_of_its_like():
    natural = noise(64, 3, 12, 12)
    judge = judge_by(planted_classifier(seed=0), natural, layers=["conv"])
    seen = channel_statistics(judge.subject, ["conv"], natural, spread=True)["conv"]
    torch.testing.assert_close(judge.mean["conv"], seen.mean(0))
    assert described(judge, natural).mean(0).norm() < 0.1


def test_a_statistic_that_never_varies_does_not_outshout_the_others():
    judge = judge_by(planted_classifier(seed=0), torch.full((4, 3, 12, 12), 0.5) + 1e-4 * noise(4, 3, 12, 12))
    assert torch.isfinite(described(judge, noise(2, 3, 12, 12))).all()


def test_a_network_of_one_size_judges_images_of_others():
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 14 * 14, 4), nn.Unflatten(1, (4, 1, 1))
    )
    fixed = wrap(
        nn.Sequential(net, nn.Flatten()),
        name="fixed",
        spec=InputSpec((3, 16, 16), (0.5,) * 3, (0.5,) * 3),
        heads={"class": tuple("abcd")},
    )
    judge = judge_by(fixed, noise(8, 3, 30, 30), layers=["0.0", "0.2"])
    assert described(judge, noise(2, 3, 40, 40)).shape == (2, 2 * (4 + 4))


def test_layers_are_spread_over_the_depth_or_chosen():
    subject = planted_classifier(seed=0)
    assert set(judging_layers(subject)) <= {"conv", "relu", "pool"}
    assert judge_by(subject, noise(4, 3, 12, 12), layers=["relu"]).layers == ("relu",)
    with pytest.raises(UnknownName, match="relu"):
        judge_by(subject, noise(4, 3, 12, 12), layers=["rleu"])


def test_images_without_colours_cannot_be_judged():
    judge = judge_by(planted_classifier(seed=0), noise(4, 3, 12, 12))
    with pytest.raises(BadInput, match="takes 3 channels and cannot judge images of 5"):
        described(judge, noise(2, 5, 12, 12))
    with pytest.raises(BadInput, match="at least 2"):
        judge_by(planted_classifier(seed=0), noise(1, 3, 12, 12))
