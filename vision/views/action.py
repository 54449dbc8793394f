"""Action: what each element of a group does to a picture - to its plane, its colours and its waves' phase."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from core.errors import BadInput
from core.provenance import fingerprint
from core.subject import RGB
from core.symmetry.groups import Group

LEAST_SIDE = 5
"""Pixels a side below which a plane is not turned, mirrored or scaled."""

_CLOSE = 1e-6


@dataclass(frozen=True, eq=False)
class Action:
    """How a group acts on pictures.

    ``spatial[g] @ (y, x)`` is where the point at (y, x), in pixels from the centre and y downwards, goes;
    ``colour[g]`` is applied to red, green and blue less mid grey (0.5), and not clamped, so that the group stays one;
    ``phase[g]`` moves each wave up, across its crests, by that share (radians) of its length, and leaves those alone
    that could only go sideways. Positive turns are counter-clockwise as seen; positive hues go from red to green.

    Raises
    ------
    BadInput
        if what the elements do does not multiply as the group's table says.
    """

    group: Group
    spatial: Float[np.ndarray, "g 2 2"] = field(repr=False)
    colour: Float[np.ndarray, "g 3 3"] = field(repr=False)
    phase: Float[np.ndarray, "g"] = field(repr=False)

    def __post_init__(self) -> None:
        first, second = np.nonzero(self.group.table >= 0)
        both = self.group.table[first, second]
        kept = (
            np.allclose(self.spatial[first] @ self.spatial[second], self.spatial[both], atol=_CLOSE)
            and np.allclose(self.colour[first] @ self.colour[second], self.colour[both], atol=_CLOSE)
            and np.allclose(np.exp(1j * (self.phase[first] + self.phase[second] - self.phase[both])), 1)
        )
        if not kept:
            raise BadInput(f"what the elements of {self.group.name!r} do does not multiply as its table says")

    @property
    def moves(self) -> bool:
        """Whether any element moves anything in the plane."""
        return not np.allclose(self.spatial, np.eye(2))

    @property
    def tints(self) -> bool:
        """Whether any element mixes colours, which takes three of them; an inversion of contrast does not."""
        gains = self.colour[:, :1, :1] * np.eye(3)
        return not np.allclose(self.colour, gains, atol=_CLOSE)

    @property
    def shifts(self) -> bool:
        """Whether any element shifts phases."""
        return not np.allclose(np.exp(1j * self.phase), 1)

    @property
    def factors(self) -> Float[np.ndarray, "g"]:
        """By how much each element enlarges."""
        return np.sqrt(np.abs(np.linalg.det(self.spatial)))

    @property
    def fingerprint(self) -> str:
        """Of the group and all that it does."""
        group = self.group
        return fingerprint(group.name, *group.labels, group.table, self.spatial, self.colour, self.phase)

    def places(self, size: tuple[int, int]) -> Float[np.ndarray, "g 2 2"]:
        """``spatial`` for points in halves of the height and width of pictures of ``size``."""
        sides = np.asarray(size, float)
        return self.spatial * sides[None, None, :] / sides[None, :, None]


def acting(
    group: Group,
    *,
    spatial: Float[np.ndarray, "g 2 2"] | None = None,
    colour: Float[np.ndarray, "g 3 3"] | None = None,
    phase: Float[np.ndarray, "g"] | None = None,
) -> Action:
    """An Action; what is not given is left as it is by every element.

    >>> from core.symmetry.groups import two
    >>> acting(two("contrast", labels=("as is", "inverted")), phase=np.array([0, np.pi])).shifts
    True
    """
    count = len(group)
    return Action(
        group,
        np.tile(np.eye(2), (count, 1, 1)) if spatial is None else np.asarray(spatial, float),
        np.tile(np.eye(3), (count, 1, 1)) if colour is None else np.asarray(colour, float),
        np.zeros(count) if phase is None else np.asarray(phase, float),
    )


def refuse_channels(action: Action, channels: int) -> None:
    """Raise BadInput if the action mixes colours and pictures have not three of them."""
    if action.tints and channels != len(RGB):
        raise BadInput(
            f"{action.group.name} acts on red, green and blue, but the pictures have {channels} "
            f"channel{'s' if channels != 1 else ''}; {instead(action)}"
        )


def refuse_size(action: Action, size: tuple[int, int]) -> None:
    """Raise BadInput if pictures of ``size`` are too small for what the action does in their plane."""
    if (action.moves or action.shifts) and min(size) < LEAST_SIDE:
        raise BadInput(
            f"{action.group.name} acts on pictures of at least {LEAST_SIDE} x {LEAST_SIDE} pixels, but these "
            f"are {size[0]} x {size[1]}; the nearest action that acts on them is 'contrast'"
        )


def instead(action: Action) -> str:
    """What to take where colours cannot be mixed: the rest of a product, or contrast."""
    rest = [name for name in action.group.axes if name != "hue"]
    return f"the nearest action that acts on it is {'*'.join(rest) or 'contrast'!r}"
