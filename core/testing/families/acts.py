"""Act: what each element of a group does to an image's points and colours; KINDS, the families that can be planted."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from core.errors import BadInput, UnknownName
from core.symmetry import groups
from core.symmetry.groups import Group

RATIO = 2 ** (1 / 4)
"""From one step of scale to the next."""


@dataclass(frozen=True, eq=False)
class Act:
    """Under g a point (y, x) moves to ``spatial[g]`` @ (y, x), and a colour c, around grey, becomes ``colour[g]`` @ c.

    y points down: a rotation by a positive angle is counter-clockwise as seen.
    """

    group: Group
    spatial: Float[np.ndarray, "g 2 2"] = field(repr=False)
    colour: Float[np.ndarray, "g 3 3"] = field(repr=False)

    @property
    def scale(self) -> Float[np.ndarray, "g"]:
        """How much longer things are under each element."""
        area: np.ndarray = np.abs(np.linalg.det(self.spatial))
        return np.asarray(np.sqrt(area))


def turned(degrees: float) -> Float[np.ndarray, "2 2"]:
    """Counter-clockwise as seen, on (y, x) with y down.

    >>> turned(90.0).round() @ [0, 1]  # what is to the right goes up
    array([-1.,  0.])
    """
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


MIRROR = np.array([[1.0, 0.0], [0.0, -1.0]])
"""Left and right exchanged, on (y, x)."""


def hue_turned(degrees: float) -> Float[np.ndarray, "3 3"]:
    """Colours turned about the grey axis, from red over green to blue.

    >>> hue_turned(120.0).round() @ [1, 0, 0]
    array([0., 1., 0.])
    """
    angle, axis = np.radians(degrees), np.full(3, 3**-0.5)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turned: np.ndarray = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turned


def _rotation(steps: int) -> Act:
    spatial = np.stack([turned(360 * step / steps) for step in range(steps)])
    return Act(groups.cyclic("rotation", steps), spatial, _same(3, steps))


def _reflection(steps: int) -> Act:
    group = groups.two("reflection", labels=("as is", "mirrored"))
    return Act(group, np.stack([np.eye(2), MIRROR]), _same(3, 2))


def _dihedral(steps: int) -> Act:
    turns = _rotation(steps).spatial
    return Act(groups.dihedral(steps), np.concatenate([turns, turns @ MIRROR]), _same(3, 2 * steps))


def _hue(steps: int) -> Act:
    colour = np.stack([hue_turned(360 * step / steps) for step in range(steps)])
    return Act(groups.cyclic("hue", steps), _same(2, steps), colour)


def _scale(steps: int) -> Act:
    factors = tuple(RATIO ** (step - steps // 2) for step in range(steps))
    spatial = np.stack([factor * np.eye(2) for factor in factors])
    return Act(groups.steps("scale", factors), spatial, _same(3, steps))


def _contrast(steps: int) -> Act:
    group = groups.two("contrast", labels=("as is", "inverted"))
    return Act(group, _same(2, 2), np.stack([np.eye(3), -np.eye(3)]))


def _hue_and_rotation(steps: int) -> Act:
    """Half as many steps of hue as of rotation."""
    hues, turns = _hue(max(2, steps // 2)), _rotation(steps)
    return Act(
        groups.product(hues.group, turns.group),
        np.tile(turns.spatial, (len(hues.group), 1, 1)),
        np.repeat(hues.colour, steps, axis=0),
    )


def _same(size: int, count: int) -> Float[np.ndarray, "g d d"]:
    return np.tile(np.eye(size), (count, 1, 1))


@dataclass(frozen=True)
class Kind:
    """How families of a kind are made, and how many steps and families there are if nothing else is asked for.

    ``half`` is the element that symmetric families' members stay the same under: the half turn of a line, the
    mirroring of a curve. From depth ``still`` on, a filter added up over the group is invariant; None if never.
    """

    act: Callable[[int], Act]
    steps: int
    families: int
    half: Callable[[Group], int] | None = None
    still: int | None = 1


def _half_turn(group: Group) -> int:
    """Along every axis; of an odd number of steps there is none."""
    if any(count % 2 for count in group.shape):
        raise BadInput(f"symmetric families need even numbers of steps; {group.name} has {group.shape}")
    return int(np.ravel_multi_index([count // 2 for count in group.shape], group.shape))


def _mirroring(group: Group) -> int:
    return len(group) // 2


KINDS: dict[str, Kind] = {
    "rotation": Kind(_rotation, 8, 5, half=_half_turn),
    "reflection": Kind(_reflection, 2, 16),
    "dihedral": Kind(_dihedral, 8, 4, half=_mirroring),
    "hue": Kind(_hue, 8, 5),
    "scale": Kind(_scale, 5, 6, still=None),
    "contrast": Kind(_contrast, 2, 16, still=2),
    "hue x rotation": Kind(_hue_and_rotation, 8, 3, half=_half_turn),
}
"""Every kind of family that can be planted."""


def act_of(kind: str, steps: int | None) -> Act:
    """The group of a kind with so many steps, and what it does.

    Raises
    ------
    UnknownName
        with the nearest kind.
    BadInput
        if the kind has no such number of steps.

    >>> act_of("rotation", 4).group.labels
    ('0°', '90°', '180°', '270°')
    """
    if kind not in KINDS:
        raise UnknownName("kind of planted families", kind, KINDS)
    fixed = KINDS[kind].steps == 2
    if steps is not None and fixed and steps != 2:
        raise BadInput(f"{kind} has 2 elements; got {steps} steps")
    return KINDS[kind].act(KINDS[kind].steps if steps is None else steps)
