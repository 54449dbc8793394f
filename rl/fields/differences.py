"""FieldDifference: two fields cell by cell - of two agents, before and after an intervention or an edit."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from core.errors import BadInput
from core.provenance import Provenance, provenance
from envs.spec import World
from envs.state import State
from rl.fields.field import Field


@dataclass(frozen=True, eq=False)
class FieldDifference:
    """What is different between two fields, ``after`` less ``before``, where the agent can stand in both; else NaN.

    ``values``: the difference of the values (those of two agents may have units of their own). ``variation``: the
    total variation distance of the two policies, from 0, the same, to 1, no action in common. ``moves``: the change
    of the expected displacement, (rows down, columns right). ``change`` says in words what was done.
    """

    before: Field
    after: Field
    change: str
    values: Float[np.ndarray, "h w"] = field(repr=False)
    variation: Float[np.ndarray, "h w"] = field(repr=False)
    moves: Float[np.ndarray, "h w 2"] = field(repr=False)
    provenance: Provenance = field(repr=False)

    @property
    def most(self) -> tuple[int, int]:
        """The cell in which the policy changes most, the first of several; (-1, -1) where there is no common cell."""
        return _largest(self.variation)

    @property
    def most_worth(self) -> tuple[int, int]:
        """The cell in which the value changes most."""
        return _largest(np.abs(self.values))

    @property
    def mean(self) -> float:
        """The mean total variation over the cells."""
        return float(np.nanmean(self.variation)) if np.isfinite(self.variation).any() else 0.0


def difference(before: Field, after: Field, *, change: str = "") -> FieldDifference:
    """What is different between two fields: of two agents, of one under an intervention, or of a state edited.

    ``change``, in words: without any, the two agents' names. ``changed`` says what an edit did.

    Raises
    ------
    BadInput
        if the fields are of grids of different sizes, or of agents with different actions.

    >>> from core.interventions import ablate, intervened
    >>> from envs.registry import world
    >>> from rl.agents import load
    >>> from rl.fields.field import field_of
    >>> maze, agent = world("cheese", size=9, rand_region=63, limit=100), load("cheese-corner")
    >>> with intervened(agent, ablate("relu1")) as blind:
    ...     found = difference(field_of(agent, maze, 3), field_of(blind, maze, 3))
    >>> found.change
    'cheese-corner with relu1 ablated to zero instead of cheese-corner'
    """
    if before.policy.shape != after.policy.shape:
        raise BadInput(
            f"fields of {before.subject} and {after.subject} are of {before.policy.shape} and {after.policy.shape} "
            "cells and actions; expected the same world"
        )
    both = np.isfinite(before.values) & np.isfinite(after.values)
    variation = 0.5 * np.abs(after.policy.astype(float) - before.policy).sum(2)
    return FieldDifference(
        before=before,
        after=after,
        change=change or f"{after.subject} instead of {before.subject}",
        values=np.where(both, after.values.astype(float) - before.values, np.nan),
        variation=np.where(both, variation, np.nan),
        moves=np.where(both[..., None], after.moves - before.moves, np.nan),
        provenance=provenance(
            before=before.provenance.subject, after=after.provenance.subject, change=change
        ),
    )


def changed(world: World, before: State, after: State) -> str:
    """In words, what an edit did to a state of one instance: things that came, went or moved, counters that changed.

    >>> import numpy as np
    >>> from envs import engine, registry
    >>> from envs.editing.edits import move
    >>> maze = registry.world("cheese", size=5, rand_region=5)
    >>> state = engine.reset(maze, [0])
    >>> changed(maze, state, move(maze, state, "cheese", np.array([3, 3])))
    'cheese from (3, 2) to (3, 3)'
    """
    told = []
    for c, thing in enumerate(world.channels):
        gone = _cells(before.planes[0, c] > after.planes[0, c])
        come = _cells(after.planes[0, c] > before.planes[0, c])
        if len(gone) == len(come) == 1:
            told.append(f"{thing} from {gone[0]} to {come[0]}")
            continue
        told += [f"{thing} at {_listed(gone)} gone"] if gone else []
        told += [f"{thing} at {_listed(come)} added"] if come else []
    for k, name in enumerate(world.spec.counters):
        was, is_now = int(before.counters[0, k]), int(after.counters[0, k])
        told += [f"{name} {is_now} instead of {was}"] if was != is_now else []
    return "; ".join(told) or "nothing changed"


def _cells(where: np.ndarray) -> list[tuple[int, int]]:
    return [(int(row), int(column)) for row, column in np.argwhere(where)]


def _listed(cells: list[tuple[int, int]]) -> str:
    shown = ", ".join(map(str, cells[:4]))
    return shown if len(cells) <= 4 else f"{shown} and {len(cells) - 4} more cells"


def _largest(grid: np.ndarray) -> tuple[int, int]:
    if not np.isfinite(grid).any():
        return -1, -1
    row, column = np.unravel_index(int(np.nanargmax(grid)), grid.shape)
    return int(row), int(column)
