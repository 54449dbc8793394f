"""action_of(): what a group that a finished family search names does to pictures."""

import numpy as np

from core.errors import BadInput
from core.symmetry.groups import Group
from vision.views import actions
from vision.views.actions import Action


def action_of(group: Group) -> Action:
    """The action by the group's axes and steps.

    Raises
    ------
    BadInput
        if it is none of those that have a name: agents' or a user's own.

    >>> action_of(actions.parse("hue:60*rotation:90").group).group.labels[5]
    '60°, 90°'
    >>> action_of(actions.parse("scale:1.5").group).group.labels[0]
    'x0.198'
    """
    found: Action | None = None
    if group.axes == ("reflection", "rotation") and group.shape[0] == 2:
        found = actions.dihedral(group.shape[1])
    else:
        for axis, count in zip(group.axes, group.shape, strict=True):
            one = _one(axis, count, group)
            found = one if found is None or one is None else actions.both(found, one)
            if one is None:
                break
    if (
        found is None
        or not np.array_equal(found.group.table, group.table)
        or found.group.labels != group.labels
    ):
        raise BadInput(
            f"families under {group.name!r} ({len(group)} elements) cannot be compared here: pictures are acted on by "
            f"{', '.join(actions.ACTIONS)} and their products"
        )
    return found


def _one(axis: str, count: int, group: Group) -> Action | None:
    if axis in ("rotation", "hue", "phase"):
        return actions.ACTIONS[axis](count)
    if axis in ("reflection", "contrast"):
        return actions.ACTIONS[axis]()
    if axis == "scale" and group.axes == ("scale",):
        return actions.scale(_ratio(group), each_way=count // 2)
    return None


def _ratio(group: Group) -> float:
    """The ratio of steps whose labels were rounded: the nearest root of a small number, or the rounded one."""
    top = float(group.labels[-1].removeprefix("x"))
    rough = top ** (1 / (len(group) // 2))
    tidy = [2 ** (1 / k) for k in range(1, 13)] + [round(rough, 1), round(rough, 2), round(rough, 3)]
    return min(tidy, key=lambda ratio: abs(ratio - rough))
