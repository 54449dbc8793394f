"""ACTIONS: turns, mirrors, hues and the rest by name, with their steps, and products of them."""

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np
from jaxtyping import Float

from core.errors import BadInput, UnknownName
from core.subject import RGB, Subject
from core.symmetry import groups
from vision.views.action import Action, acting, instead, refuse_size

_CLOSE = 1e-6


def rotation(steps: int = 24) -> Action:
    """Turns by equal steps, counter-clockwise as seen.

    >>> (rotation(4).spatial[1] @ (0, 1)).round().tolist()  # what was right of the centre is above it
    [-1.0, 0.0]
    """
    return acting(groups.cyclic("rotation", steps), spatial=_turns(steps))


def reflection() -> Action:
    """The mirror that swaps left and right."""
    group = groups.two("reflection", labels=("as is", "mirrored"))
    return acting(group, spatial=np.stack([np.eye(2), _MIRROR]))


def dihedral(steps: int = 12) -> Action:
    """Turns, each with or without a mirroring (left for right) before it."""
    turns = _turns(steps)
    return acting(groups.dihedral(steps), spatial=np.concatenate([turns, turns @ _MIRROR]))


def hue(steps: int = 12) -> Action:
    """Turns of the colours about the grey axis of red, green and blue: brightness (their mean) and grey stay.

    >>> hue(3).colour[1].round(6).tolist()  # red turns green, green blue, blue red
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    angle = (np.arange(steps) * 2 * np.pi / steps)[:, None, None]
    axis = np.ones(3) / math.sqrt(3)
    cross = np.cross(np.eye(3), axis)
    colour = np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(axis, axis)
    return acting(groups.cyclic("hue", steps), colour=colour)


def scale(ratio: float = 2**0.25, *, each_way: int = 4) -> Action:
    """Enlargements by ``ratio`` and its powers, up to ``each_way`` of them smaller and larger.

    Raises
    ------
    BadInput
        unless the ratio is above 1 and there is a step each way.
    """
    if not 1 < ratio < math.inf or each_way < 1:
        raise BadInput(
            f"steps of scale take a ratio above 1 and at least 1 step each way; got {ratio}, {each_way}"
        )
    values = tuple(float(ratio**power) for power in range(-each_way, each_way + 1))
    return acting(groups.steps("scale", values), spatial=np.array(values)[:, None, None] * np.eye(2))


def contrast() -> Action:
    """Light for dark: every colour turned to the other side of mid grey."""
    group = groups.two("contrast", labels=("as is", "inverted"))
    return acting(group, colour=np.stack([np.eye(3), -np.eye(3)]))


def phase(steps: int = 8) -> Action:
    """Every wave moved up by the same share of its length: edges become lines; the exactly upright ones stay."""
    return acting(groups.cyclic("phase", steps), phase=np.arange(steps) * 2 * np.pi / steps)


def both(first: Action, second: Action) -> Action:
    """The product of two actions that do not disturb each other, a grid of elements.

    Raises
    ------
    BadInput
        if they share what varies, or if it matters which of them comes first.

    >>> both(hue(6), rotation(4)).group.shape
    (6, 4)
    """
    names = f"{first.group.name} and {second.group.name}"
    if set(first.group.axes) & set(second.group.axes):
        raise BadInput(f"{names} vary the same thing; take one of them, in finer steps")
    if not _commute(first, second):
        hint = "; turns and mirrorings together are 'dihedral'" if first.moves and second.moves else ""
        raise BadInput(f"{names} do not commute, so they have no product{hint}")
    n, m = len(first.group), len(second.group)
    one, other = np.divmod(np.arange(n * m), m)
    return Action(
        groups.product(first.group, second.group),
        first.spatial[one] @ second.spatial[other],
        first.colour[one] @ second.colour[other],
        first.phase[one] + second.phase[other],
    )


ACTIONS: Mapping[str, Callable[..., Action]] = {
    "rotation": rotation,
    "reflection": reflection,
    "dihedral": dihedral,
    "hue": hue,
    "scale": scale,
    "contrast": contrast,
    "phase": phase,
}
"""Every action by its name; ``parse`` takes them with a step and in products."""

ALIASES = {"mirror": "reflection"}
_TURNING = ("rotation", "dihedral", "hue", "phase")
_MIRROR = np.diag([1.0, -1.0])


def parse(text: str) -> Action:
    """An action by name: ``rotation``, ``rotation:15`` (degrees a step), ``scale:1.19`` (ratio), ``hue*rotation``.

    Raises
    ------
    UnknownName
        if there is no such action.
    BadInput
        if the step does not fit it, or a product does not exist.

    >>> parse("hue:60*rotation:90").group.name
    'hue x rotation'
    """
    found = [_one(part.strip()) for part in text.split("*")]
    action = found[0]
    for other in found[1:]:
        action = both(action, other)
    return action


def refuse_unfitting(action: Action, subject: Subject) -> None:
    """Raise BadInput, with the nearest valid choice, if the action cannot act on what the subject is fed."""
    channels, *size = subject.spec.shape
    named = channels == len(RGB) and tuple(subject.spec.channels) == RGB
    if action.tints and not named:
        raise BadInput(
            f"{action.group.name} acts on red, green and blue, but {subject.name} is fed "
            f"{', '.join(subject.spec.channels)}; {instead(action)}"
        )
    refuse_size(action, (size[0], size[1]))


def _one(text: str) -> Action:
    name, colon, given = text.partition(":")
    name = ALIASES.get(name, name)
    if name not in ACTIONS:
        raise UnknownName("action", name, [*ACTIONS, *ALIASES])
    if not colon:
        return ACTIONS[name]()
    return ACTIONS[name](_argument(name, given))


def _argument(name: str, given: str) -> Any:
    try:
        value = float(given)
    except ValueError as error:
        raise BadInput(f"the step of {name!r} is a number; got {given!r}") from error
    if name == "scale":
        return value
    if name not in _TURNING:
        raise BadInput(f"{name!r} has no steps; got {name}:{given}")
    count = 360 / value if value > 0 else 0
    if count < 2 - _CLOSE or abs(count - round(count)) > _CLOSE:
        near = min((360 // n for n in range(2, 361) if 360 % n == 0), key=lambda step: abs(step - value))
        raise BadInput(
            f"{given}° does not divide a full turn into steps; the nearest that does is {name}:{near}"
        )
    return round(count)


def _turns(steps: int) -> Float[np.ndarray, "g 2 2"]:
    """Counter-clockwise as seen, on (y downwards, x)."""
    angle = np.arange(steps) * 2 * np.pi / steps
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


def _commute(first: Action, second: Action) -> bool:
    pairs = list(product(range(len(first.group)), range(len(second.group))))
    one, other = np.array(pairs).T
    return all(
        np.allclose(a[one] @ b[other], b[other] @ a[one], atol=_CLOSE)
        for a, b in ((first.spatial, second.spatial), (first.colour, second.colour))
    ) and not (_turned_by_phase(first, second) or _turned_by_phase(second, first))


def _turned_by_phase(moving: Action, shifting: Action) -> bool:
    """Whether one moves upwards running waves among the others where the other shifts them apart."""
    apart = np.any(np.abs(np.sin(shifting.phase)) > _CLOSE)
    upright = (moving.spatial[:, 0, 0] > 0) & (np.abs(moving.spatial[:, 0, 1]) < _CLOSE)
    return bool(apart and not upright.all())
