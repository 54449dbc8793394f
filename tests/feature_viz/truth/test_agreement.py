"""Planted truth: equal pictures agree, unrelated ones do so by chance."""

import pytest
import torch
import torch.nn.functional as F

from feature_viz.truth.agreement import agreement, share_above


def pictures(n, seed, d=40):
    return F.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_pictures_of_the_same_thing_agree():
    first = pictures(12, 0)
    second = F.normalize(first + 0.3 * pictures(12, 1), dim=1)
    assert agreement(first, second).tolist() == [1.0] * 12


def test_pictures_of_unrelated_things_agree_by_chance():
    shares = torch.stack([agreement(pictures(16, i), pictures(16, 100 + i)) for i in range(20)])
    assert float(shares.mean()) == pytest.approx(0.5, abs=0.03)


def test_the_second_of_another_unit_agrees_no_better_than_chance():
    first = pictures(100, 0)
    assert float(agreement(first, first.roll(1, 0)).mean()) == pytest.approx(0.5, abs=0.06)


def test_pictures_that_all_look_alike_agree_by_chance():
    same = pictures(1, 0).repeat(5, 1)
    assert agreement(same, same).tolist() == [0.5] * 5


def test_one_unit_alone_cannot_be_said():
    assert torch.isnan(agreement(pictures(1, 0), pictures(1, 0))).all()


def test_shares_against_counting_one_by_one():
    values, others = pictures(3, 0, d=5), pictures(3, 1, d=4)
    counted = [
        sum(a > b for a in row for b in rest) / 20
        for row, rest in zip(values.tolist(), others.tolist(), strict=True)
    ]
    assert share_above(values, others).tolist() == pytest.approx(counted)
