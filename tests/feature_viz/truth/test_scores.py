"""Rows of scores: right for planted pictures, None where nothing can be said."""

import pytest
import torch

from core.errors import BadInput
from core.targets import Output, Unit
from core.testing import planted_classifier
from feature_viz.optimize import render
from feature_viz.truth.judge import judge_by
from feature_viz.truth.scores import SCORES, picture_scores


def crops(n, k, seed, bright=None):
    images = 0.4 + 0.2 * torch.rand(n, k, 3, 12, 12, generator=torch.Generator().manual_seed(seed))
    for unit in range(n if bright else 0):
        images[unit, :, unit % 3] += 0.4
    return images


@pytest.fixture(scope="module")
def subject():
    return planted_classifier(seed=0)


@pytest.fixture(scope="module")
def judge():
    return judge_by(planted_classifier(seed=1), crops(16, 1, 9).flatten(0, 1))


TARGETS = [Unit("relu", k) for k in range(3)]


def test_every_score_for_good_and_for_exchanged_pictures(subject, judge):
    top, bottom = crops(3, 5, 0, bright=True), crops(3, 4, 1, bright=True).roll(1, 0)
    pictures, seconds = crops(3, 1, 2, bright=True)[:, 0], crops(3, 1, 3, bright=True)[:, 0]
    good = picture_scores(subject, TARGETS, pictures, seconds, top, bottom, judge=judge)
    wrong = picture_scores(subject, TARGETS, pictures.roll(1, 0), seconds, top, bottom, judge=judge)
    fired = [
        i for i, row in enumerate(good) if row["survival"] is not None and wrong[i]["survival"] is not None
    ]
    assert len(fired) >= 2
    for i in fired:
        assert tuple(good[i]) == tuple(SCORES)
        assert all(isinstance(value, float) for value in good[i].values())
        assert good[i]["agreement"] == 1 > wrong[i]["agreement"]
        assert good[i]["forced_choice"] == 1 > wrong[i]["forced_choice"]
        assert good[i]["forced_choice"] > good[i]["forced_choice_others"]
        assert good[i]["identification"] == 1 > wrong[i]["identification"]
        assert good[i]["path"] > 0.7 > wrong[i]["path"]


def test_what_cannot_be_said_is_none(subject, judge):
    pictures = crops(3, 1, 2)[:, 0]
    rows = picture_scores(subject, TARGETS, pictures, None, crops(3, 1, 0), crops(3, 1, 1), judge=judge)
    assert all(row[name] is None for row in rows for name in ("agreement", "forced_choice_natural", "path"))
    assert any(row["forced_choice"] is not None for row in rows)
    alone = picture_scores(
        subject, TARGETS[:1], pictures[:1], pictures[:1], crops(1, 3, 0), crops(1, 3, 1), judge=judge
    )
    assert alone[0]["agreement"] is alone[0]["path"] is alone[0]["forced_choice_others"] is None
    assert picture_scores(subject, [], pictures[:0], None, None, None, judge=None) == []


def test_nothing_is_said_of_a_silent_unit(subject, judge):
    made = render(subject, [Unit("relu", 0)], steps=2)[0].image
    black = torch.zeros_like(made)
    rows = [
        picture_scores(subject, [Unit("relu", k)], black[None], None, None, None, judge=None)[0]
        for k in range(4)
    ]
    silent = [row for row in rows if row["survival"] is None]
    assert silent
    assert all(value is None for row in silent for value in row.values())


def test_outputs_and_units_of_several_layers_together(subject, judge):
    targets = [Output("class", 0), Unit("relu", 1), Output("class", 1), Unit("relu", 0)]
    rows = picture_scores(
        subject, targets, crops(4, 1, 2)[:, 0], None, crops(4, 4, 0, bright=True), None, judge=judge
    )
    again = picture_scores(
        subject, targets, crops(4, 1, 2)[:, 0], None, crops(4, 4, 0, bright=True), None, judge=judge
    )
    assert rows == again
    assert len(rows) == 4


def test_a_row_for_every_target(subject):
    with pytest.raises(BadInput, match="top holds 2 entries; expected one for each of 3 targets"):
        picture_scores(subject, TARGETS, crops(3, 1, 2)[:, 0], None, crops(2, 2, 0), None, judge=None)
