"""Group: finitely many transformations, named and multiplied; rings, strips of steps, mirrors, and products of them."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Int

from core.errors import BadInput


@dataclass(frozen=True, eq=False)
class Group:
    """Transformations by index: ``table[g, h]`` is "first h, then g", and -1 where that is none of them.

    Elements are laid out over ``shape`` (an index is ``np.ravel_multi_index``), an axis for each thing that varies;
    ``wraps`` says which axes close into rings. Axes that do not (steps of scale) make this a group only as far as it
    goes: a product may leave it.

    >>> group = cyclic("rotation", 4)
    >>> group.labels, group.labels[group.table[1, 3]]
    (('0°', '90°', '180°', '270°'), '0°')
    """

    name: str
    labels: tuple[str, ...]
    table: Int[np.ndarray, "g g"] = field(repr=False)
    shape: tuple[int, ...]
    wraps: tuple[bool, ...]
    axes: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.labels)
        if self.table.shape != (count, count) or int(np.prod(self.shape)) != count:
            raise BadInput(
                f"group {self.name!r} has {count} elements, a table of {self.table.shape} and a shape {self.shape}"
            )
        neutral = (self.table == np.arange(count)).all(1) & (np.arange(count) == self.table.T).all(1)
        if not neutral.any():
            raise BadInput(f"group {self.name!r} has no element that leaves things as they are")
        if (self.inverse < 0).any():
            raise BadInput(
                f"{self.labels[int(np.argmin(self.inverse))]} of group {self.name!r} has no inverse"
            )

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def identity(self) -> int:
        """The element that leaves everything as it is."""
        indices = np.arange(len(self))
        return int(np.argmax((self.table == indices).all(1) & (indices == self.table.T).all(1)))

    @cached_property
    def inverse(self) -> Int[np.ndarray, "g"]:
        """The element that takes each one back; -1 if there is none."""
        back = self.table == self.identity
        return np.where(back.any(1), back.argmax(1), -1)

    @cached_property
    def offsets(self) -> Int[np.ndarray, "g g"]:
        """``offsets[p, q]``: what carries a thing at place p to place q, "p back, then q"; -1 where it is none."""
        return self.table[:, self.inverse].T

    @property
    def closed(self) -> bool:
        """Whether every product is an element: rings and mirrors are, steps are not."""
        return bool((self.table >= 0).all())


def cyclic(name: str, count: int, *, turn: float = 360.0, unit: str = "°") -> Group:
    """A ring of ``count`` equal steps that make up one ``turn``.

    Raises
    ------
    BadInput
        if there are fewer than two steps.
    """
    if count < 2:
        raise BadInput(f"{name} needs at least 2 steps; got {count}")
    index = np.arange(count)
    labels = tuple(f"{step * turn / count:g}{unit}" for step in range(count))
    return Group(name, labels, (index[:, None] + index) % count, (count,), (True,), (name,))


def two(name: str, *, labels: tuple[str, str]) -> Group:
    """Something that undoes itself: a mirror, an inversion of contrast; ``labels`` for leaving and doing it.

    >>> two("reflection", labels=("as is", "mirrored")).table.tolist()
    [[0, 1], [1, 0]]
    """
    return Group(name, labels, np.array([[0, 1], [1, 0]]), (2,), (True,), (name,))


def dihedral(count: int, *, name: str = "rotation with reflection") -> Group:
    """Turns by steps, each with or without a mirroring before it: (2, count) elements.

    >>> group = dihedral(4)
    >>> group.labels[group.table[5, 1]]  # a turn, then mirrored and turned
    'mirrored 0°'
    """
    ring = cyclic("rotation", count)
    mirrored, turned = np.divmod(np.arange(2 * count), count)
    sign = np.where(mirrored, -1, 1)
    turns = (turned[:, None] + sign[:, None] * turned) % count
    labels = ring.labels + tuple(f"mirrored {label}" for label in ring.labels)
    table = (mirrored[:, None] ^ mirrored) * count + turns
    return Group(name, labels, table, (2, count), (True, True), ("reflection", "rotation"))


def square() -> Group:
    """The eight symmetries of the square: quarter turns, with or without a mirroring."""
    return dihedral(4, name="symmetries of the square")


def steps(name: str, values: tuple[float, ...]) -> Group:
    """Steps to both sides of 1, multiplied: (0.5, 0.71, 1, 1.41, 2); a product beyond the ends is none of them.

    Raises
    ------
    BadInput
        unless the values are odd in number, with equal ratios, and 1 in the middle.

    >>> group = steps("scale", (0.5, 1.0, 2.0))
    >>> group.labels, group.identity, group.table.tolist()
    (('x0.5', 'x1', 'x2'), 1, [[-1, 0, 1], [0, 1, 2], [1, 2, -1]])
    """
    count, middle = len(values), len(values) // 2
    even = count % 2 and min(values) > 0 and np.allclose(np.diff(np.log(values), 2), 0, atol=1e-6)
    if count < 3 or not even or not np.isclose(values[middle], 1):
        raise BadInput(
            f"steps of {name} have equal ratios around 1 in the middle, as in (0.5, 1, 2); got {values}"
        )
    index = np.arange(count) - middle
    total = index[:, None] + index + middle
    labels = tuple(f"x{value:.3g}" for value in values)
    table = np.where((total >= 0) & (total < count), total, -1)
    return Group(name, labels, table, (count,), (False,), (name,))


def product(first: Group, second: Group) -> Group:
    """Both at once, for groups that do not disturb each other: a grid with the second's elements along the last axes.

    >>> both = product(cyclic("hue", 3), cyclic("rotation", 4))
    >>> both.shape, both.labels[5], both.name
    ((3, 4), '120°, 90°', 'hue x rotation')
    """
    n = len(second)
    one, other = np.divmod(np.arange(len(first) * n), n)
    top, low = first.table[one[:, None], one], second.table[other[:, None], other]
    table = np.where((top < 0) | (low < 0), -1, top * n + low)
    labels = tuple(f"{a}, {b}" for a in first.labels for b in second.labels)
    return Group(
        f"{first.name} x {second.name}",
        labels,
        table,
        first.shape + second.shape,
        first.wraps + second.wraps,
        first.axes + second.axes,
    )


def widened(group: Group) -> tuple[Group, Int[np.ndarray, "g"]]:
    """A group in which things at any two places of ``group`` have an offset, and where each element is in it.

    The same group where it is closed. Axes of steps get as many more to either side as they have: a family spread over
    all of them has offsets that are wider than any that was tried.

    Raises
    ------
    BadInput
        if steps are combined with elements whose order matters.

    >>> wide, where = widened(steps("scale", (0.5, 1.0, 2.0)))
    >>> wide.shape, where.tolist()
    ((5,), [1, 2, 3])
    """
    if group.closed:
        return group, np.arange(len(group))
    if not np.array_equal(group.table, group.table.T):
        raise BadInput(f"{group.name}: steps go with a group whose elements can be exchanged")
    sizes = [n if wraps else 2 * n - 1 for n, wraps in zip(group.shape, group.wraps, strict=True)]
    places = np.stack(np.unravel_index(np.arange(int(np.prod(sizes))), sizes), 1)
    start = np.array([0 if wraps else n - 1 for n, wraps in zip(group.shape, group.wraps, strict=True)])
    total = places[:, None] + places - start
    ring = np.array(group.wraps)
    total = np.where(ring, total % sizes, total)
    inside = ((total >= 0) & (total < sizes)).all(-1)
    flat = np.ravel_multi_index(tuple(np.moveaxis(total.clip(0, np.array(sizes) - 1), -1, 0)), sizes)
    old = np.stack(np.unravel_index(np.arange(len(group)), group.shape), 1)
    shift = np.array(
        [0 if wraps else (n - 1) // 2 for n, wraps in zip(group.shape, group.wraps, strict=True)]
    )
    where = np.ravel_multi_index(tuple((old + shift).T), sizes)
    labels = ["beyond"] * len(places)
    for element, index in enumerate(where):
        labels[index] = group.labels[element]
    wide = Group(group.name, tuple(labels), np.where(inside, flat, -1), tuple(sizes), group.wraps, group.axes)
    return wide, where


def subgroups(group: Group) -> tuple[tuple[int, ...], ...]:
    """All that one or two elements make up, the smallest first; for a group of steps the identity alone.

    >>> subgroups(cyclic("rotation", 4))
    ((0,), (0, 2), (0, 1, 2, 3))
    """
    if not group.closed:
        return ((group.identity,),)
    ones = {_generated(group, {element}) for element in range(len(group))}
    both = {_generated(group, set(a) | set(b)) for a in ones for b in ones}
    return tuple(
        sorted((tuple(sorted(found)) for found in ones | both), key=lambda found: (len(found), found))
    )


def _generated(group: Group, elements: set[int]) -> frozenset[int]:
    found = {group.identity, *elements}
    while True:
        more = found | {int(group.table[a, b]) for a in found for b in found}
        if more == found:
            return frozenset(found)
        found = more
