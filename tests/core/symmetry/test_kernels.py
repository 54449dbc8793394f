"""Kernels under a group: exact where turning is exact; planted families at their places, one and two layers deep."""

import numpy as np
import pytest

from core.errors import BadInput
from core.symmetry.groups import cyclic, square
from core.symmetry.kernels import colour_inputs, kernel_likeness, kin, right_offsets
from core.symmetry.likeness import likenesses
from core.testing.families import KINDS, planted_families, planted_views
from core.wires.wiring import INPUT, whole_kernel

QUARTERS = np.array([[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]]], float)
MIRROR = np.diag([1.0, -1.0])


def weights_of(planted):
    kernel, why = whole_kernel(
        planted.subject, planted.layer, planted.below.layer if planted.below else INPUT
    )
    assert why == ""
    return kernel.weights.numpy()


def pairs_of(planted):
    """Values' places of all pairs in a family: offset, one, other."""
    same = (planted.family[:, None] == planted.family) & (planted.family[:, None] >= 0)
    one, other = np.nonzero(same & ~np.eye(len(same), dtype=bool))
    return planted.group.offsets[planted.place[one], planted.place[other]], one, other


@pytest.mark.parametrize("side", [1, 3, 4, 7])
def test_quarter_turns_and_mirrors_of_a_kernel_are_found_exactly(side):
    kernel = np.random.default_rng(side).normal(size=(2, 5, side, side)).astype(np.float32)
    turned = np.concatenate([np.rot90(kernel, turn, axes=(2, 3)) for turn in range(4)])
    both = np.concatenate([turned, turned[..., ::-1]])
    spatial = np.concatenate([QUARTERS, QUARTERS @ MIRROR])
    values = kernel_likeness(both, square(), spatial)
    assert all(values[turn, 0, 2 * turn] == pytest.approx(1, abs=1e-5) for turn in range(4))
    # Mirrored first, then turned: place 4 + k of the square, and what lies there is the mirror of the turn by -k.
    assert all(values[4 + k, 0, 8 + 2 * (-k % 4)] == pytest.approx(1, abs=1e-5) for k in range(4))
    assert np.abs(values[0, 0, 1]) < 0.9
    assert np.abs(values).max() <= 1 + 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_planted_members_of_the_first_layer_are_each_other_at_their_places(kind, sown):
    planted = sown(kind)
    values = kernel_likeness(
        weights_of(planted),
        planted.group,
        planted.act.spatial,
        inputs=colour_inputs(planted.act.colour, std=planted.subject.spec.std),
    )
    offsets, one, other = pairs_of(planted)
    inside = offsets >= 0
    assert values[offsets[inside], one[inside], other[inside]].min() > 0.9
    strangers = (planted.family[:, None] == -1) & (planted.family >= 0)
    assert np.quantile(values[:, strangers], 0.95) < 0.7


@pytest.mark.parametrize("kind", ["rotation", "hue"])
def test_planted_members_of_the_second_layer_are_found_by_the_families_below(kind, sown, families_in):
    planted = sown(kind, 2)
    weights, below = weights_of(planted), families_in(planted.below)
    likeness = likenesses(planted.subject, [below.layer], planted_views(planted.below, count=24, seed=1))
    offsets, one, other = pairs_of(planted)
    right = {}
    for name, inputs in {
        "as they are": None,
        "by place": kin(below),
        "by place and likeness": kin(below, likeness[below.layer]),
    }.items():
        values = kernel_likeness(weights, planted.group, planted.act.spatial, inputs=inputs)
        away = offsets != planted.group.identity
        right[name] = values[offsets[away], one[away], other[away]]
    assert right["by place"].mean() > 0.95
    assert right["by place and likeness"].mean() > 0.9
    assert right["as they are"].mean() < 0.3


def test_units_beside_a_hole_take_the_place_of_the_one_that_is_missing(families_in):
    planted = planted_families("rotation", seed=3, steps=24, families=2, alone=4, duplicates=0, holes=0.5)
    found = families_in(planted)
    likeness = likenesses(planted.subject, [planted.layer], planted_views(planted, count=24, seed=0))
    exact, soft = kin(found), kin(found, likeness[planted.layer])
    members = planted.family >= 0
    hole, reached = exact[:, members].sum(2) == 0, soft[:, members].sum(2) > 0.05
    assert hole.mean() > 0.3
    assert (hole & reached).sum() > 0.5 * hole.sum()
    wanted = planted.group.table[np.arange(24)[:, None], planted.place[members][None]]
    away = np.abs((planted.place[soft[:, members].argmax(2)] - wanted + 12) % 24 - 12)
    assert away[~hole].max() <= 1
    assert away[hole & reached].max() <= 3
    assert (soft[:, planted.family == -1].sum(2) == 0).all()


def test_colours_changed_in_the_pixels_are_changed_back_in_the_weights():
    rng = np.random.default_rng(0)
    colour, std, kernel = rng.normal(size=(1, 3, 3)), (0.2, 0.5, 0.7), rng.normal(size=3)
    pixel = rng.normal(size=3)
    answered = kernel @ (pixel / std)
    assert (kernel @ colour_inputs(colour, std=std)[0]) @ (colour[0] @ pixel / std) == pytest.approx(answered)


def test_members_that_a_half_turn_leaves_as_they_are_have_two_right_offsets():
    assert right_offsets(cyclic("rotation", 24), 20, 2, (0, 12)) == [6, 18]
    assert right_offsets(square(), 5, 3) == [int(square().table[3, square().inverse[5]])]


def test_inputs_that_do_not_fit_are_refused():
    with pytest.raises(BadInput, match="4 elements; given 3 matrices"):
        kernel_likeness(np.zeros((2, 3, 3, 3)), cyclic("rotation", 4), QUARTERS[:3])
