"""TurnedViews: what an agent sees of sampled states, under every symmetry of the square (``core.symmetry.views``)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Float
from torch import Tensor

from core.provenance import fingerprint
from core.symmetry.groups import Group
from core.symmetry.views import View
from envs.spec import World
from rl.agents import see
from rl.concepts import sampled_states
from rl.symmetry.square import PLACES, SQUARE, still_planes, turned

STATES = 2000
"""States that are turned unless another number is asked for."""


@dataclass(frozen=True, eq=False)
class TurnedViews:
    """Observations (n, c, h, h), which can be had turned; ``still`` of their planes, the last, never turn.

    ``states`` says in words what the observations are of.
    """

    seen: Float[Tensor, "n c h w"] = field(repr=False)
    still: int = 0
    states: str = ""
    group: Group = SQUARE

    @property
    def places(self) -> Float[np.ndarray, "g 2 2"]:
        """Where a point of an observation lies under each symmetry."""
        return PLACES

    @property
    def valid(self) -> float:
        """The whole of a turned observation is what it should be."""
        return 1.0

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.group.name, str(self.still), self.seen)

    @property
    def size(self) -> tuple[int, int]:
        return self.seen.shape[2], self.seen.shape[3]

    def __len__(self) -> int:
        return len(self.seen)

    def batches(self, batch_size: int) -> Iterator[View]:
        """Observations in order, as functions of a symmetry's index."""
        for batch in self.seen.split(batch_size):
            yield partial(turned, batch, still=self.still)


def turned_states(world: World, view: str, *, count: int = STATES, seed: int = 0) -> TurnedViews:
    """What agents see of ``count`` held-out states of ``world``, one a level, the agent on any free cell.

    The states are drawn as the world draws its levels, which need not know the square's symmetries (a cheese always
    in one corner); give ``rl.goals.parted(world)`` for those in which goal and proxy lie apart.

    Raises
    ------
    BadInput
        if the symmetries of the square do not act on the view, or no state is asked for.

    >>> from envs.registry import world
    >>> turned_states(world("cheese", size=7, rand_region=63), "window", count=20).seen.shape
    torch.Size([20, 2, 9, 9])
    """
    still = still_planes(world, view)
    dials = ", ".join(f"{name}={value}" for name, value in world.describe().items() if name != "name")
    words = f"{count} states of held-out levels of {world.name} ({dials}), seed {seed}, the agent on any free cell"
    return TurnedViews(see(world, sampled_states(world, count, seed=seed, fresh=True), view), still, words)
