"""Figures of what is known, used and learned: every number drawn is among their rows, every one has words."""

import numpy as np
import pytest

from core.errors import BadInput
from core.probing import Knowledge
from core.uncertainty import Interval
from reports.probing.known_unused import known_unused
from reports.probing.surfaces import surfaces
from reports.probing.time_axis import Panel, Shift, time_axis


def near(value, half=0.02):
    return Interval(float(value), float(value - half), float(value + half), 100)


def test_known_unused_names_every_verdict():
    rows = [
        Knowledge("cheese", "relu3", near(0.9), near(0.01), near(0.03), "known, not used"),
        Knowledge("corner", "relu3", near(0.8), near(0.60), near(0.10), "known and used"),
        Knowledge("walls", "relu3", near(0.0), near(0.30), near(0.05), "used, not read"),
    ]
    made = known_unused(rows, title="What")
    assert [row["concept"] for row in made.rows] == ["corner", "cheese", "walls"]
    for said in ("Known and used: corner", "Known, not used: cheese", "Used, not read: walls"):
        assert said in made.alt
    with pytest.raises(BadInput, match="no concepts"):
        known_unused([], title="What")


def test_surfaces_hold_every_score():
    scores = {"a": np.arange(6.0).reshape(2, 3) / 6, "b": np.zeros((2, 3))}
    made = surfaces(scores, ["conv", "fc"], [0, 5, 10], title="When")
    assert len(made.rows) == 12
    assert made.rows[5] == {"concept": "a", "layer": "fc", "step": 10, "score": 5 / 6}


def test_a_time_axis_says_what_changed_and_what_did_not():
    steps = list(range(0, 70, 10))
    flat, rising = [near(0.1)] * 7, [near(v) for v in (0, 0, 0, 1, 1, 1, 1)]
    moved = Shift(near(20, 0), near(30, 0), True)
    panel = Panel("score", {"flat": flat, "rising": rising}, {"flat": None, "rising": moved})
    made = time_axis([panel], steps, title="Over training")
    assert "rising from 0.00 to 1.00, suddenly between 20 and 30 steps" in made.alt
    assert "flat from 0.10 to 0.10, no change" in made.alt
    assert len(made.rows) == 14
