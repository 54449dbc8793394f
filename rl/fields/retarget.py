"""Retargeting: a unit held up, or a direction added, at the place of each cell; does the agent then walk there?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from core.activations import capture
from core.errors import BadInput
from core.interventions import intervened
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.subject import Subject
from core.targets import Direction, Unit, checked
from envs.spec import World
from envs.state import State
from rl.agents import check_fits, see
from rl.fields.field import data_of, marks_of, pictured, state_at
from rl.fields.paths import drawn_everywhere, geometric_means
from rl.fields.placing import mapped, pixels, placed, positions
from rl.fields.walk import Walk, walk_of

ROWS = 4096
"""Inputs that go through the network at once."""


@dataclass(frozen=True, eq=False)
class Retargeting:
    """How likely the agent walks to each cell if an intervention is placed at that very cell [mini2023].

    ``before``: the path probability to every cell (``rl.fields.paths.geometric_means``) with nothing done; ``after``:
    that to each cell with ``what`` at ``amount`` placed there; ``control`` (r, rows, columns): the same with other
    units of the layer, or directions of the same length, drawn at random. NaN where no way leads.
    """

    subject: str
    level: int
    what: str
    amount: float
    start: tuple[int, int]
    before: Float[np.ndarray, "h w"] = field(repr=False)
    after: Float[np.ndarray, "h w"] = field(repr=False)
    control: Float[np.ndarray, "r h w"] = field(repr=False)
    controls: tuple[str, ...]
    frame: UInt8[np.ndarray, "y x 3"] = field(repr=False)
    marks: Mapping[str, tuple[int, int]]
    provenance: Provenance = field(repr=False)

    @property
    def rise(self) -> Float[np.ndarray, "h w"]:
        """What the path probability to each cell gains by the intervention there."""
        return self.after - self.before

    @property
    def mean(self) -> float:
        """The mean rise over all cells to which a way leads, but the start."""
        return _mean(self.rise, self.start)

    @property
    def chance(self) -> tuple[float, ...]:
        """The mean rise by each of the controls."""
        return tuple(_mean(one - self.before, self.start) for one in self.control)


@dataclass(frozen=True, eq=False)
class UnitRises:
    """The mean rise by each unit of a layer, held at ``amount``, on each of some levels: ``rises`` (units, levels)."""

    layer: str
    units: tuple[int, ...]
    levels: tuple[int, ...]
    amount: float
    rises: Float[np.ndarray, "u n"] = field(repr=False)

    @property
    def best(self) -> Unit:
        """The unit with the largest mean rise."""
        return Unit(self.layer, self.units[int(self.rises.mean(1).argmax())])


@dataclass(frozen=True, eq=False)
class _Maze:
    """One state ready to be asked about: its walk, what is seen from each cell, and where each node lies on a map."""

    walk: Walk
    seen: Tensor
    places: Int[np.ndarray, "k m 2"]


def retarget(
    subject: Subject,
    world: World,
    where: int | State,
    what: Unit | Direction,
    *,
    view: str = "window",
    amount: float | None = None,
    controls: int = 3,
    seed: int = 0,
) -> Retargeting:
    """Place an intervention at every cell in turn, and see how likely the agent then walks to that cell.

    A unit is held at ``amount`` at the position of its layer's map that looks at the cell (``rl.fields.placing``);
    where the view moves with the agent, so does the position. Of a direction ``amount`` times its vector is added
    there. Without an amount it is the strongest activation that the layer has anywhere in this maze, and for a
    direction, 1. Everything else of the observation stays.

    Raises
    ------
    UnknownName, BadInput
        if the world does not fit the agent, or it lacks the layer or unit, or the layer has no maps.

    >>> from envs.registry import world
    >>> from rl.agents import load
    >>> maze = world("cheese", size=7, rand_region=63)
    >>> from rl.networks import build
    >>> from rl.agents import as_subject
    >>> agent = as_subject(build("small-conv", shape=(2, 9, 9), actions=4, seed=0), maze, view="window", name="fresh")
    >>> found = retarget(agent, maze, 3, Unit("relu1", 2), controls=1)
    >>> found.what, len(found.controls), found.rise.shape
    ('relu1:2', 1, (7, 7))
    """
    check_fits(subject, world, view)
    checked(subject, what)
    state = state_at(world, where)
    maze = _maze(subject, world, state, view=view, layer=what.layer)
    if isinstance(what, Direction) and what.vector.ndim != 1:
        raise BadInput(
            f"direction {what} fills the whole layer; one over its {mapped(subject, what.layer).channels} "
            "channels can be placed at a cell"
        )
    if amount is None:
        amount = strongest(subject, what.layer, maze.seen) if isinstance(what, Unit) else 1.0
    others = _others(subject, what, controls, seed)
    walk, base = maze.walk, drawn_everywhere(subject, maze.seen)
    row, column = (int(side) for side in state.agent[0])
    return Retargeting(
        subject=subject.name,
        level=int(state.level[0]),
        what=str(what),
        amount=float(amount),
        start=(row, column),
        before=walk.map(geometric_means(walk, base)),
        after=walk.map(_there(subject, maze, what, amount)),
        control=np.array([walk.map(_there(subject, maze, one, amount)) for one in others]).reshape(
            -1, *walk.shape
        ),
        controls=tuple(map(str, others)),
        frame=pictured(world, state),
        marks=marks_of(world, state),
        provenance=provenance(
            subject=subject.fingerprint,
            data=data_of(world, state),
            seed=seed,
            what=str(what),
            amount=float(amount),
        ),
    )


def retargeting_units(
    subject: Subject,
    world: World,
    levels: Sequence[int],
    layer: str,
    *,
    view: str = "window",
    amount: float | None = None,
    progress: Progress = silent,
) -> UnitRises:
    """The mean rise by every unit of a layer on some levels, each held at the same ``amount``.

    Without an amount it is the strongest activation that the layer has in these levels. The best of many is best
    partly by chance: show it on other levels than those on which it was found.

    Raises
    ------
    UnknownName, BadInput
        as ``retarget``; and if there are no levels.
    """
    check_fits(subject, world, view)
    if not len(levels):
        raise BadInput("to find the units that retarget an agent takes at least one level; got an empty list")
    info = mapped(subject, layer)
    mazes = [_maze(subject, world, state_at(world, one), view=view, layer=layer) for one in levels]
    amount = max(strongest(subject, layer, one.seen) for one in mazes) if amount is None else amount
    before = [geometric_means(one.walk, drawn_everywhere(subject, one.seen)) for one in mazes]
    rises = np.zeros((info.channels, len(mazes)))
    for unit in range(info.channels):
        progress(unit, info.channels, f"holding up units of {layer}")
        for n, (maze, base) in enumerate(zip(mazes, before, strict=True)):
            gained = _there(subject, maze, Unit(layer, unit), amount) - base
            rises[unit, n] = np.nanmean(np.delete(gained, maze.walk.start))
    progress(info.channels, info.channels, f"holding up units of {layer}")
    return UnitRises(layer, tuple(range(info.channels)), tuple(levels), float(amount), rises)


def strongest(subject: Subject, layer: str, seen: Float[Tensor, "m c h w"]) -> float:
    """The strongest activation of any unit of a layer, at any position, for some inputs."""
    return float(capture(subject, seen, [layer])[layer].max())


def _maze(subject: Subject, world: World, state: State, *, view: str, layer: str) -> _Maze:
    mapped(subject, layer)
    walk = walk_of(world, state)
    looked = pixels(world, view, walk.placed.agent, walk.cells)
    return _Maze(walk, see(world, walk.placed, view), positions(subject, layer, looked))


def _there(subject: Subject, maze: _Maze, what: Unit | Direction, amount: float) -> Float[np.ndarray, "k"]:
    """The path probability to each node with the intervention at that node; many nodes in one batch."""
    m, k = len(maze.seen), len(maze.walk.cells)
    at_once = max(1, ROWS // m)
    found = np.zeros(k)
    for start in range(0, k, at_once):
        nodes = range(start, min(start + at_once, k))
        places = maze.places[nodes.start : nodes.stop].reshape(-1, 2)
        with intervened(subject, placed(what, amount, places)) as other:
            likely = drawn_everywhere(other, maze.seen.repeat(len(nodes), 1, 1, 1))
        for node, part in zip(nodes, likely.reshape(len(nodes), m, -1), strict=True):
            found[node] = geometric_means(maze.walk, part)[node]
    return found


def _others(
    subject: Subject, what: Unit | Direction, controls: int, seed: int
) -> list[Unit] | list[Direction]:
    """Other units of the layer, or directions as long in random directions."""
    if isinstance(what, Unit):
        known = [unit for unit in range(subject.layers[what.layer].channels) if unit != what.channel]
        chosen = np.random.default_rng(seed).permutation(known)[:controls]
        return [replace(what, channel=int(unit), y=None, x=None) for unit in chosen]
    return random_directions(what, controls, seed)


def random_directions(direction: Direction, count: int, seed: int) -> list[Direction]:
    """``count`` directions of the same layer and length, drawn by ``seed``.

    >>> made = random_directions(Direction("fc", torch.tensor([3.0, 4.0]), "up"), 2, 0)
    >>> [round(float(one.vector.norm()), 3) for one in made]
    [5.0, 5.0]
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(count, *direction.vector.shape, generator=generator)
    length = float(direction.vector.norm())
    return [
        Direction(direction.layer, length * one / one.norm(), f"random {number}")
        for number, one in enumerate(drawn)
    ]


def _mean(rise: np.ndarray, start: tuple[int, int]) -> float:
    counted = np.isfinite(rise)
    counted[start] = False
    return float(rise[counted].mean()) if counted.any() else 0.0
