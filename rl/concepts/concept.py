"""Concept: something that a state holds, as a function of the state."""

from collections.abc import Callable
from dataclasses import dataclass

from numpy.typing import NDArray

from core.probing import Kind
from envs.spec import World
from envs.state import State

Of = Callable[[World, State], NDArray]
"""A world and n of its states to a value each: (n,), of a grid (n, h, w)."""


@dataclass(frozen=True)
class Concept:
    """Something that a state holds: ``of(world, state)`` gives its value for each instance.

    ``kind`` "binary" (bool), "categorical" (whole numbers that name a class each) and "continuous" are (n,), "grid" is
    (n, h, w), a number or truth value each cell. ``meaning`` says in words what it is.
    """

    kind: Kind
    meaning: str
    of: Of
