"""Groups: the laws hold, products too; steps end; subgroups and the wider group are what they should be."""

import itertools

import numpy as np
import pytest

from core.errors import BadInput
from core.symmetry import Group, cyclic, dihedral, product, square, steps, two
from core.symmetry.groups import subgroups, widened

CLOSED = (
    cyclic("rotation", 7),
    dihedral(5),
    square(),
    product(two("reflection", labels=("as is", "mirrored")), cyclic("hue", 4)),
)


@pytest.mark.parametrize("group", CLOSED, ids=lambda group: group.name)
def test_laws_hold(group: Group) -> None:
    """Associative, with inverses, and an offset carries one place to the other."""
    table, every = group.table, range(len(group))
    assert all(
        table[table[a, b], c] == table[a, table[b, c]] for a, b, c in itertools.product(every, repeat=3)
    )
    assert all(table[a, group.inverse[a]] == group.identity == table[group.inverse[a], a] for a in every)
    assert all(table[group.offsets[p, q], p] == q for p, q in itertools.product(every, repeat=2))


def test_a_mirroring_turns_turns_around() -> None:
    """Turned by a step and then mirrored is mirrored and then turned back by a step."""
    group = dihedral(6)
    mirrored, step = group.labels.index("mirrored 0°"), group.labels.index("60°")
    assert group.table[mirrored, step] == group.table[group.inverse[step], mirrored]


def test_steps_end() -> None:
    """Beyond the ends there is nothing; the middle leaves things as they are."""
    group = steps("scale", (0.5, 0.5**0.5, 1.0, 2**0.5, 2.0))
    assert not group.closed
    assert group.labels[group.identity] == "x1"
    assert group.table[4, 4] == -1
    assert group.table[4, 0] == group.identity
    assert group.offsets[0, 4] == -1
    assert group.offsets[1, 3] == 4


def test_the_wider_group_knows_every_offset() -> None:
    """In it any two places of the narrow one have an offset; elements keep their products."""
    group = product(cyclic("hue", 3), steps("scale", (0.5, 1.0, 2.0)))
    wide, where = widened(group)
    assert wide.shape == (3, 5)
    assert (wide.offsets[np.ix_(where, where)] >= 0).all()
    known = group.table >= 0
    assert (wide.table[np.ix_(where, where)][known] == where[group.table[known]]).all()


def test_subgroups_of_the_square() -> None:
    """Ten of them, as every textbook has it."""
    found = subgroups(square())
    assert [len(elements) for elements in found] == [1, 2, 2, 2, 2, 2, 4, 4, 4, 8]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cyclic("hue", 1), "at least 2 steps; got 1"),
        (lambda: steps("scale", (0.5, 1.0, 3.0)), "equal ratios"),
        (lambda: Group("mine", ("a", "b"), np.array([[0, 1], [1, 1]]), (2,), (True,), ("mine",)), "inverse"),
        (
            lambda: Group("mine", ("a", "b"), np.array([[1, 1], [1, 1]]), (2,), (True,), ("mine",)),
            "as they are",
        ),
    ],
)
def test_what_is_no_group_is_refused(make, words) -> None:
    with pytest.raises(BadInput, match=words):
        make()
