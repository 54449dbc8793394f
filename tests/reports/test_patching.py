"""Charts of patching hold the numbers they draw, mark controls, and survive values beyond the axis and odd names."""

import numpy as np
import pytest

from core.errors import BadInput
from core.uncertainty import Interval
from reports.patching import HIGHEST, Panel, Recovered, recovery_by_layer, recovery_by_share, said
from reports.patching_maps import DOTS, Dots, Grid, beside, place_grids, thinned

SOME, NONE = Interval(0.8, 0.7, 0.9, 12), Interval(-0.02, -0.1, 0.06, 12)


def lines():
    layers = ["conv", "a-rather-long-layer-name.branch_1x1", "<fc>"]
    return [Recovered("best", layers, [SOME] * 3), Recovered("at random", layers, [NONE] * 3, control=True)]


def test_every_number_drawn_is_kept():
    made = recovery_by_layer(lines(), title="t", caption="")
    assert [row["recovered"] for row in made.rows] == [0.8] * 3 + [-0.02] * 3
    assert {row["n"] for row in made.rows} == {12}
    assert "best: most at conv, 80 % [70, 90]" in made.alt
    assert "<fc>" not in made.content


def test_what_lies_beyond_the_axis_is_drawn_at_its_edge():
    wild = Interval(40.0, -50.0, 90.0, 3)
    made = recovery_by_layer([Recovered("wild", ["conv"], [wild])], title="t", caption="")
    assert made.rows[0]["recovered"] == 40.0
    assert HIGHEST < 40
    assert "1000" not in made.content.split("</svg>")[0][:200]


def test_panels_by_share():
    values = [NONE, SOME, SOME]
    panels = [Panel(f"layer{i}", [Recovered("best", [0.02, 0.1, 0.5], values)]) for i in range(4)]
    made = recovery_by_share(panels, title="t", caption="", unit="units")
    assert len(made.rows) == 12
    assert made.rows[1]["share of units"] == 0.1
    assert all(f"layer{i}" in made.content for i in range(4))


@pytest.mark.parametrize("draw", [recovery_by_layer, place_grids])
def test_nothing_to_show_is_refused(draw):
    with pytest.raises(BadInput, match="nothing to show"):
        draw([], title="t", caption="")


def test_many_dots_are_thinned_and_the_strongest_stay():
    generator = np.random.default_rng(0)
    dots = Dots("conv", generator.normal(size=5000), generator.normal(size=5000), "r = 0.01")
    kept = thinned(dots)
    strength = np.maximum(np.abs(dots.first), np.abs(dots.second))
    assert len(kept) <= DOTS
    assert set(np.argsort(-strength)[:50]) <= set(kept)
    assert len(beside([dots], title="t", caption="", axes=("a", "b")).rows) == 5000


def test_dots_that_are_all_nought_can_be_drawn():
    assert beside([Dots("c", np.zeros(3), np.zeros(3))], title="t", caption="", axes=("a", "b")).rows


def test_grids_frame_where_inputs_differ():
    outline = np.zeros((20, 20))
    outline[:, :10] = 1
    framed = place_grids([Grid("conv", np.eye(4), outline)], title="t", caption="")
    bare = place_grids([Grid("conv", np.eye(4))], title="t", caption="")
    assert len(framed.content) > len(bare.content)
    assert "strongest at row 0, column 0, 1" in framed.alt


def test_shares_are_said_with_true_minus_signs():
    assert said(NONE) == "−2 % [−10, 6]"
    assert said(Interval(-0.001, -0.002, 0.0, 3)) == "0 % [0, 0]"
