"""joined(): units brought together by how alike they are once each is turned to fit the others."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from core.symmetry.groups import Group

NOT = -2.0
"""Below every correlation: no offset between these two is known."""


@dataclass(frozen=True)
class Join:
    """Two bunches of units, each unit at its place in its bunch's frame, that ``offset`` lays upon each other."""

    height: float
    first: tuple[tuple[int, int], ...]
    second: tuple[tuple[int, int], ...]
    offset: int


def joined(
    values: Float[np.ndarray, "g a b"], group: Group, *, least: float
) -> tuple[list[dict[int, int]], list[Join]]:
    """Bunches of units with a place each, and the joins that made them, while any two are alike by ``least`` or more.

    Average linkage, but of bunches in their frames: how alike two are is the mean over all pairs of their members of
    the likeness under the offset that this pair has if the second bunch is carried by one element to the first. So no
    pair can be alike by an offset of its own. What an unclosed group cannot say (a step beyond its ends) is left out
    of the mean.

    >>> from core.symmetry.groups import cyclic
    >>> values = np.zeros((4, 3, 3)); values[0] = np.eye(3)
    >>> values[1, 0, 1] = values[3, 1, 0] = 0.9  # b is a, turned by a step
    >>> joined(values, cyclic("rotation", 4), least=0.5)[0]
    [{0: 0, 1: 1}, {2: 0}]
    """
    count = values.shape[1]
    known = np.isfinite(values)
    total, weight = np.where(known, values, 0).astype(np.float32), known.astype(np.float32)
    frames: list[dict[int, int]] = [{unit: group.identity} for unit in range(count)]
    height, offset = _best(total, weight)
    np.fill_diagonal(height, NOT)
    joins: list[Join] = []
    while count > 1:
        first, second = divmod(int(height.argmax()), count)
        if height[first, second] < least:
            break
        by = int(offset[first, second])
        moved = {unit: int(group.table[place, by]) for unit, place in frames[second].items()}
        if min(moved.values()) < 0:  # the two together are wider than the group
            height[first, second] = height[second, first] = NOT
            continue
        joins.append(
            Join(
                float(height[first, second]), tuple(frames[first].items()), tuple(frames[second].items()), by
            )
        )
        frames[first] |= moved
        frames[second] = {}
        _lay(total, group, first, second, by)
        _lay(weight, group, first, second, by)
        height[second] = height[:, second] = NOT
        row, back = _best(total[:, first], weight[:, first])
        row = np.where([bool(frame) for frame in frames], row, NOT)
        row[first] = NOT
        height[first] = height[:, first] = row
        offset[first], offset[:, first] = back, group.inverse[back]
    return [frame for frame in frames if frame], joins


def _best(total: np.ndarray, weight: np.ndarray) -> tuple[Float[np.ndarray, "*a"], Int[np.ndarray, "*a"]]:
    mean = np.where(weight > 0, total / np.maximum(weight, 1), NOT)
    return mean.max(0), mean.argmax(0)


def _lay(sums: Float[np.ndarray, "g a b"], group: Group, first: int, second: int, by: int) -> None:
    """Add to the first bunch's sums the second's, seen from the first's frame."""
    seen = group.table[:, group.inverse[by]]
    sums[:, first] += np.where((seen >= 0)[:, None], sums[seen, second], 0)
    sums[:, :, first] = sums[group.inverse, first]
