"""Duels: preference and capability from tallies counted by hand."""

import numpy as np
import pytest

from core.errors import BadInput
from core.uncertainty import proportion_interval
from envs.play.preference import duel


def test_preference_is_among_reached_and_capability_over_all():
    tally = np.array([[1, 0]] * 3 + [[0, 1]] * 9 + [[0, 0]] * 4)
    clock = np.array([2] * 12 + [100] * 4)
    found = duel(tally, clock)
    assert found.preference == proportion_interval(3, 12)
    assert found.capability == (24 + 400) / 16
    assert (found.reached, found.levels) == (0.75, 16)
    assert str(found).count("\n") == 0


def test_who_reaches_nothing_prefers_nothing():
    found = duel(np.zeros((3, 2), int), np.full(3, 100))
    assert found.preference is None
    assert str(found) == "undecided, 100.0 steps, reached in 0.000 of 3 levels"


@pytest.mark.parametrize(
    ("tally", "clock"),
    [([[1, 1]], [3]), ([[2, 0]], [3]), ([[-1, 0]], [3]), ([[1, 0]], [3, 4]), ([], []), ([[1, 0, 0]], [1])],
)
def test_what_is_no_duel_is_refused(tally, clock):
    with pytest.raises(BadInput, match="a duel needs"):
        duel(np.array(tally), np.array(clock))
