"""Along: a direction added to a layer in growing amounts everywhere; where does the agent walk then?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from core.errors import BadInput
from core.interventions import intervened, steer
from core.provenance import Provenance, provenance
from core.subject import Subject
from core.targets import Direction, checked
from envs.spec import World
from envs.state import State
from rl.agents import check_fits, see
from rl.fields.field import data_of, marks_of, state_at
from rl.fields.paths import drawn_everywhere, geometric_means
from rl.fields.retarget import random_directions
from rl.fields.walk import walk_of


@dataclass(frozen=True, eq=False)
class Along:
    """Path probabilities to every cell, ``likely`` (amounts, rows, columns), as a direction is added ever more often.

    ``control`` (r, amounts, rows, columns): the same along random directions of the same length. NaN where no way
    leads.
    """

    subject: str
    level: int
    direction: str
    amounts: tuple[float, ...]
    start: tuple[int, int]
    marks: Mapping[str, tuple[int, int]]
    likely: Float[np.ndarray, "n h w"] = field(repr=False)
    control: Float[np.ndarray, "r n h w"] = field(repr=False)
    provenance: Provenance = field(repr=False)

    def to(self, cell: tuple[int, int]) -> Float[np.ndarray, "n"]:
        """The path probability to one cell by amount."""
        return self.likely[(slice(None), *cell)]


def along(
    subject: Subject,
    world: World,
    where: int | State,
    direction: Direction,
    amounts: Sequence[float],
    *,
    view: str = "window",
    controls: int = 3,
    seed: int = 0,
) -> Along:
    """Path probabilities of a level or state with a direction added ``amounts`` times, at every position of its layer.

    Raises
    ------
    UnknownName, BadInput
        if the world does not fit the agent, it cannot take the direction, or no amounts are given.

    >>> import torch
    >>> from envs.registry import world
    >>> from rl.agents import load
    >>> agent, maze = load("cheese-corner"), world("cheese", size=9, rand_region=63, limit=100)
    >>> nowhere = Direction("hidden2", torch.zeros(64), "nothing")
    >>> found = along(agent, maze, 3, nowhere, [0.0, 1.0], controls=1)
    >>> bool(np.array_equal(found.likely[0], found.likely[1], equal_nan=True))
    True
    """
    check_fits(subject, world, view)
    checked(subject, direction)
    if not len(amounts):
        raise BadInput(f"to go along {direction} takes at least one amount; got an empty list")
    state = state_at(world, where)
    walk = walk_of(world, state)
    seen = see(world, walk.placed, view)

    def by(one: Direction) -> np.ndarray:
        maps = []
        for amount in amounts:
            with intervened(subject, steer(one, float(amount))) as other:
                maps.append(walk.map(geometric_means(walk, drawn_everywhere(other, seen))))
        return np.array(maps)

    others = [by(one) for one in random_directions(direction, controls, seed)]
    row, column = (int(side) for side in state.agent[0])
    return Along(
        subject=subject.name,
        level=int(state.level[0]),
        direction=str(direction),
        amounts=tuple(float(amount) for amount in amounts),
        start=(row, column),
        marks=marks_of(world, state),
        likely=by(direction),
        control=np.array(others).reshape(-1, len(amounts), *walk.shape),
        provenance=provenance(
            subject=subject.fingerprint,
            data=data_of(world, state),
            seed=seed,
            direction=str(direction),
        ),
    )
