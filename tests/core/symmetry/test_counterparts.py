"""Families of two networks that hold the same ones are matched, with the right offset; unrelated ones are not."""

import numpy as np
import pytest

from core.errors import BadInput
from core.provenance import Provenance
from core.symmetry.across import Side, across
from core.symmetry.counterparts import counterparts, equivalent
from core.symmetry.families import Families, Family, Member, find
from core.testing import planted_families, planted_views
from core.testing.families.network import convolutional


def another(planted, seed, *, noise=0.2, kept=0.75):
    """A network of some of the planted filters, noisy and in another order; and its units' families and places."""
    rng = np.random.default_rng(seed)
    conv = planted.subject.module.conv1
    weights, bias = conv.weight.numpy(), conv.bias.numpy()
    order = rng.permutation(np.flatnonzero(rng.random(len(bias)) < kept))
    drawn = rng.normal(size=weights[order].shape)
    norms = [
        np.linalg.norm(each.reshape(len(order), -1), axis=1)[:, None, None, None]
        for each in (weights[order], drawn)
    ]
    subject = convolutional(
        [(weights[order] + noise * drawn * norms[0] / norms[1], bias[order])], name="other", rng=rng
    )
    return subject, planted.family[order], planted.place[order]


def as_families(planted, family, place, shifts=None):
    """The planted truth as a search would give it; ``shifts``: each family's places as counted from elsewhere."""
    group, made, names = planted.group, [], []
    for number in range(planted.family.max() + 1):
        units = np.flatnonzero(family == number)
        if len(units) >= 2:
            back = group.identity if shifts is None else group.inverse[shifts[number]]
            members = tuple(Member(int(unit), int(group.table[place[unit], back])) for unit in units)
            made.append(Family(members, 0.9, 1.0, planted.stabilisers[number]))
            names.append(number)
    return names, Families(
        layer=planted.layer,
        group=group,
        units=len(family),
        families=tuple(made),
        invariant=(),
        duplicates=(),
        dead=(),
        threshold=0.5,
        false_discovery=float("nan"),
        why="planted",
        provenance=Provenance(),
    )


def sides(planted, subject, views, other_views=None):
    return across(
        Side(planted.subject, "relu1", views), Side(subject, "relu1", other_views or views), draws=1, seed=0
    )


@pytest.mark.parametrize(
    ("kind", "symmetric"), [("rotation", 1), ("dihedral", 0), ("reflection", 0), ("scale", 0)]
)
def test_the_same_families_elsewhere_are_matched_with_the_right_offset(kind, symmetric):
    planted = planted_families(kind, seed=4, symmetric=symmetric)
    group = planted.group
    subject, family, place = another(planted, 40)
    rng = np.random.default_rng(3)
    shifts = rng.integers(len(group), size=planted.family.max() + 1) if group.closed else None
    names, one = as_families(planted, planted.family, planted.place)
    others, other = as_families(planted, family, place, shifts)
    found = counterparts(sides(planted, subject, planted_views(planted, count=32, seed=1)), one, other)
    assert sorted(names[each.one] for each in found.found) == sorted(set(names) & set(others))
    for each in found.found:
        assert names[each.one] == others[each.other]
        same = equivalent(each.offset, one.families[each.one], other.families[each.other], group)
        assert (group.identity if shifts is None else int(shifts[names[each.one]])) in [
            int(group.inverse[offset]) for offset in same
        ]
        assert each.sure > 0.95
        assert each.score.low <= each.score.estimate <= each.score.high
        assert each.score.low > max(0.9, each.chance)
        assert min(each.halves) > 0.9
        for couple in each.couples:  # who stands at the same place is the same unit
            assert planted.place[couple.a] in [
                int(group.table[place[couple.b], s]) for s in planted.stabilisers[names[each.one]]
            ]
        assert all(couple.likeness > 0.9 for couple in each.couples)


@pytest.mark.parametrize("kind", ["rotation", "reflection"])
def test_unrelated_networks_have_no_families_in_common(kind):
    claimed = 0
    for seed in range(2):
        planted, other = (planted_families(kind, seed=seed + more) for more in (20, 90))
        views = [planted_views(each, count=32, seed=1) for each in (planted, other)]
        found = counterparts(
            sides(planted, other.subject, *views),
            as_families(planted, planted.family, planted.place)[1],
            as_families(other, other.family, other.place)[1],
        )
        claimed += len(found.found)
    assert claimed == 0


def test_families_that_a_search_found_are_matched():
    planted = planted_families("rotation", seed=2)
    subject, family, _ = another(planted, 20, kept=0.9)
    both = sides(planted, subject, planted_views(planted, count=32, seed=1))
    one, other = find(both.one), find(both.other)
    found = counterparts(both, one, other)
    assert len(found.found) >= 4
    for each in found.found:
        members = planted.family[[member.unit for member in one.families[each.one].members]]
        theirs = family[[member.unit for member in other.families[each.other].members]]
        assert np.bincount(members[members >= 0]).argmax() == np.bincount(theirs[theirs >= 0]).argmax()
        assert all(couple.likeness > 0.9 for couple in each.couples)


def test_no_families_have_no_counterparts():
    planted = planted_families("reflection", seed=0, alone=4)
    both = sides(planted, planted.subject, planted_views(planted, count=16, seed=1))
    _, one = as_families(planted, planted.family, planted.place)
    none = as_families(planted, np.full_like(planted.family, -1), planted.place)[1]
    assert counterparts(both, one, none).found == ()
    assert counterparts(both, none, one).scores.shape == (0, len(one.families))


def test_families_of_another_layer_or_group_are_refused():
    planted, other = planted_families("reflection", seed=0), planted_families("contrast", seed=0)
    both = sides(planted, planted.subject, planted_views(planted, count=16, seed=1))
    _, own = as_families(planted, planted.family, planted.place)
    with pytest.raises(BadInput, match="do not fit the likeness"):
        counterparts(both, own, as_families(other, other.family, other.place)[1])
