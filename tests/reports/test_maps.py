import numpy as np
import pytest

from core.errors import BadInput
from reports.maps import Overlay, attribution_overlays, blocks, maze_maps, overlaid


def test_an_overlay_is_orange_for_blue_against_and_grey_where_nothing_counts():
    attribution = np.array([[1.0, -1.0, 0.0]])
    red, _, blue = np.moveaxis(overlaid(Overlay("a", np.ones((1, 3, 3)), attribution)), 2, 0)[:, 0]
    assert red[0] > blue[0] + 0.3
    assert blue[1] > red[1] + 0.3
    assert red[2] == blue[2]


def test_an_overlay_shows_strength_and_survives_a_map_of_zeros():
    weak, strong = overlaid(Overlay("a", np.ones((1, 2, 3)), np.array([[0.1, 1.0]])))[0]
    assert np.ptp(weak) < np.ptp(strong)
    assert np.isfinite(overlaid(Overlay("a", np.ones((2, 2, 3)), np.zeros((2, 2))))).all()


def test_a_coarse_map_covers_its_part_of_a_photograph():
    attribution = np.zeros((2, 2))
    attribution[0, 1] = 1
    made = overlaid(Overlay("a", np.zeros((8, 8, 3), np.uint8), attribution))
    coloured = np.ptp(made, axis=2) > 0.1
    assert coloured[:4, 4:].all()
    assert coloured.sum() == 16


@pytest.mark.parametrize("shape", [(224, 224), (299, 150), (75, 76), (7, 7), (1, 500)])
def test_blocks_keep_the_sum_and_are_few(shape):
    fine = np.random.default_rng(0).normal(size=shape)
    coarse = blocks(fine)
    assert coarse.sum() == pytest.approx(fine.sum())
    assert max(coarse.shape) <= 75


def test_overlays_say_where_the_strongest_spot_is_and_its_sign():
    attribution = np.zeros((3, 3))
    attribution[2, 1] = -2
    made = attribution_overlays([Overlay("a", np.ones((3, 3, 3)), attribution, "up")], title="t", caption="")
    assert "a (up): the strongest spot, at row 2, column 1, counts against." in made.alt
    assert made.rows[0] == {"subject": "a", "note": "up", "sum": -2.0, "strongest": 2.0}


def test_a_maze_map_tells_the_walk_and_keeps_every_cell(made):
    pair = [made.maze_map("a", 3, "corner"), made.maze_map("b", 3, "cheese")]
    drawn = maze_maps(pair, title="t", caption="")
    assert "a: 40 steps from row 11, column 1 to row 1, column 11" in drawn.alt
    assert "It passed corner." in drawn.alt
    assert "It passed cheese." in drawn.alt
    assert len(drawn.rows) == 2 * np.isfinite(pair[0].values).sum()
    held = {(row["row"], row["column"]): row["value"] for row in drawn.rows if row["subject"] == "a"}
    assert held[1, 11] == pair[0].values[1, 11] == 1.0
    assert len(drawn.content) < 200_000


def test_maps_of_different_mazes_are_refused(made):
    one = made.maze_map("a", 3, "corner")
    other = type(one)("b", one.frame, np.ones((5, 5)), np.zeros((5, 5, 2)), np.array([[1, 1]]))
    with pytest.raises(BadInput, match="maps of one maze"):
        maze_maps([one, other], title="t", caption="")
    with pytest.raises(BadInput, match="expected at least one"):
        attribution_overlays([], title="t", caption="")
