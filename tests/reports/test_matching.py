"""Figures of two networks side by side: their numbers, their words, and places on rings."""

import numpy as np
import pytest

from core.errors import BadInput
from core.symmetry.groups import cyclic, dihedral, steps
from core.uncertainty import Interval
from reports.matching import Couple, Nearest, Shares, couples, nearest_curves, share_table
from reports.matching_families import Side, beside
from vision.families.records import group_document


def test_a_share_that_was_not_measured_is_not_spoken_of():
    shares = Shares(["a1", "a2"], ["b1", "b2"], np.array([[0.5, np.nan], [np.nan, np.nan]]), np.zeros((2, 2)))
    made = share_table(shares, title="Shares", caption="", axes=("A", "B"), control="shuffled")
    assert made.alt == "Shares: a1 most in b1, 50 % (shuffled 0 %)."
    assert made.rows == ({"A": "a1", "B": "b1", "share": 0.5, "shuffled": 0.0},)


def test_names_of_networks_and_layers_cannot_break_a_figure():
    one = Couple("<b>:1", "$x$&", Interval(0.5, 0.4, 0.6, 9), (np.zeros((4, 4, 3), np.uint8), None))
    text = couples([one], title="<i>", caption="", names=("<A>", "B")).content
    assert "<b>" not in text
    assert "<A>" not in text


def test_curves_are_ranked_best_first():
    made = nearest_curves([Nearest("l", {"B": np.array([0.1, 0.9, 0.5])}, 0.2)], title="t", caption="")
    assert [row["B"] for row in made.rows] == [0.9, 0.5, 0.1]


@pytest.mark.parametrize("group", [cyclic("rotation", 8), dihedral(4), steps("scale", (0.5, 1.0, 2.0))])
def test_members_stand_where_their_places_are(group):
    members = [{"unit": 10 + place, "place": place, "places": [place]} for place in range(0, len(group), 2)]
    pictures = {one["unit"]: np.full((4, 4, 3), 0.5) for one in members[:1]}
    side = Side("A", members, pictures)
    made = beside(side, side, group_document(group), title="Family", caption="")
    for one in members:
        assert f"unit {one['unit']} at {group.labels[one['place']]}" in made.alt
    assert made.content.count("<image") == 2  # the one with a picture, on both sides


def test_nothing_to_show_is_refused():
    with pytest.raises(BadInput, match="no couples"):
        couples([], title="t", caption="", names=("A", "B"))
    with pytest.raises(BadInput, match="no layers"):
        empty = np.zeros((0, 0))
        share_table(Shares([], [], empty, empty), title="t", caption="", axes=("A", "B"), control="c")
    with pytest.raises(BadInput, match="nothing to show"):
        nearest_curves([], title="t", caption="")
