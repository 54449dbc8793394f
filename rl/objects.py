"""Objects of a gridworld as parts of what an agent sees: what matters to people - the apple, the wall - not pixels."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.attribution.parts import Parts
from envs.observations import observation_shape, parse_view, planes_of
from envs.spec import World
from envs.state import AGENT, WALL, State, take
from rl.agents import see

TOGETHER = ("wall", "lava")
"""Things that are one part however many cells they have, unless asked for apart."""


@dataclass(frozen=True)
class _Thing:
    """A thing's name and its cells, (plane, row, column) each."""

    name: str
    cells: tuple[tuple[int, int, int], ...]


def parts(world: World, state: State, view: str, *, together: Collection[str] = TOGETHER) -> Parts:
    """Which object each value of the view shows, for ``core.attribution``'s feature-ablation and shapley.

    Every object is a part, named by its channel (and its row and column where there are several); what the agent
    holds is one a gauge, the agent itself one where the view shows it. Kinds in ``together`` are one part each;
    walls that are not are one part a block of adjoining cells. Where objects are told by several planes at a cell
    (colour and shape), they are named by all of them. Pictures show only the top of a cell: what lies there
    together is one part. What lies outside the grid, which windows show as wall, goes with the wall.

    Cells of ``baseline`` are what the view shows with the parts gone.

    Raises
    ------
    UnknownName, BadInput
        if there is no such view.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=7)
    >>> parts(maze, engine.reset(maze, [3]), "grid").names
    (('agent', 'cheese', 'wall'),)
    """
    kind = parse_view(world, view).kind
    labels, names = [], []
    for i in range(len(state.clock)):
        found = _things(world, state.planes[i], view, together)
        label, told = (_pictured if kind == "rgb" else _planes)(world, state, i, view, found)
        labels.append(label)
        names.append(told)
    stacked = np.stack(labels)
    if parse_view(world, view).flipped:
        stacked = stacked[:, :, ::-1]
    return Parts(torch.from_numpy(np.ascontiguousarray(stacked)), tuple(names))


def baseline(world: World, state: State, view: str) -> Float[Tensor, "n c h w"]:
    """What a view shows of each part of ``parts`` when it is gone: bare floor, an empty shelf.

    >>> from envs import engine, registry
    >>> maze = registry.world("cheese", size=7)
    >>> baseline(maze, engine.reset(maze, [3]), "window").sum().item()
    0.0
    """
    if parse_view(world, view).kind != "rgb":
        return torch.zeros(len(state.clock), *observation_shape(world, view))
    bare = take(state, slice(None))
    bare.planes[:] = 0
    bare.counters[:] = 0
    return see(world, bare, view)


def _things(world: World, planes: np.ndarray, view: str, together: Collection[str]) -> list[_Thing]:
    """Everything that the view can show of one instance's planes, the agent first and the wall last."""
    rgb = parse_view(world, view).kind == "rgb"
    shown = set(range(world.seen.stop)) if rgb else set(planes_of(world, view))
    found = [_Thing("agent", _cells(planes, AGENT))] if AGENT in shown else []
    kinds = [c for c in range(2, world.seen.stop) if c in shown]
    found += _composed(world, planes, kinds) if world.spec.appearance else []
    for c in [] if world.spec.appearance else kinds:
        name, cells = world.channels[c], _cells(planes, c)
        whole = name in together or len(cells) == 1
        found += (
            [_Thing(name, cells)] if whole else [_Thing(f"{name} {y},{x}", ((c, y, x),)) for c, y, x in cells]
        )
    if WALL in shown:
        found += [_Thing("wall", _cells(planes, WALL))] if "wall" in together else _blocks(planes[WALL])
    return [thing for thing in found if thing.cells]


def _cells(planes: np.ndarray, c: int) -> tuple[tuple[int, int, int], ...]:
    return tuple((c, int(y), int(x)) for y, x in np.argwhere(planes[c]))


def _composed(world: World, planes: np.ndarray, kinds: Sequence[int]) -> list[_Thing]:
    """Objects that several planes tell of, by cell: a red and green line."""
    places = np.argwhere(planes[list(kinds)].any(0))
    found = []
    for y, x in places.tolist():
        there = [c for c in kinds if planes[c, y, x]]
        name = " ".join(world.channels[c] for c in there)
        found.append(_Thing(f"{name} {y},{x}" if len(places) > 1 else name, tuple((c, y, x) for c in there)))
    return found


def _blocks(wall: np.ndarray) -> list[_Thing]:
    """Walls that touch, one thing each, named by their first cell; that of the top left corner is the last."""
    from scipy.ndimage import label

    blocks, count = label(wall)
    order = sorted(range(1, count + 1), key=lambda number: number == blocks[0, 0])
    cells = {number: [(WALL, int(y), int(x)) for y, x in np.argwhere(blocks == number)] for number in order}
    return [_Thing(f"wall {of[0][1]},{of[0][2]}", tuple(of)) for of in cells.values()]


def _planes(
    world: World, state: State, i: int, view: str, things: Sequence[_Thing]
) -> tuple[Int[np.ndarray, "c h w"], tuple[str, ...]]:
    """Labels of a view of planes and the names of the things that lie within it."""
    full = np.zeros(state.planes.shape[1:], np.int64)
    for number, thing in enumerate(things, 1):
        for cell in thing.cells:
            full[cell] = number
    names = [thing.name for thing in things]
    if parse_view(world, view).kind == "window":
        full = _window(full, state.agent[i], parse_view(world, view).size)
        if full.max() > len(names):
            names.append("outside")
    shown = full[list(planes_of(world, view))]
    held = np.zeros((len(world.gauges), *shown.shape[1:]), np.int64)
    for k, counter in enumerate(world.gauges):
        room = held[k].reshape(-1)
        room[: max(0, state.counters[i, counter])] = len(names) + 1
        names += [f"{world.spec.gauges[k].counter} held"] if room.any() else []
    return _counted(np.concatenate([shown, held]), names)


def _window(full: np.ndarray, agent: np.ndarray, side: int) -> np.ndarray:
    """The square around the agent; outside the grid is wall, of the block in the corner if there is one."""
    beyond = int(full[WALL, 0, 0]) or int(full.max()) + 1
    wide = np.pad(full, ((0, 0), (side, side), (side, side)))
    outside = np.pad(np.zeros(full.shape[1:], bool), side, constant_values=True)
    wide[WALL][outside] = beyond
    top, left = int(agent[0]) + side - side // 2, int(agent[1]) + side - side // 2
    return wide[:, top : top + side, left : left + side]


def _pictured(
    world: World, state: State, i: int, view: str, things: Sequence[_Thing]
) -> tuple[Int[np.ndarray, "c h w"], tuple[str, ...]]:
    """Labels of a picture, cell by cell; things that lie in one cell are one part."""
    _, rows, columns = world.shape
    there: dict[tuple[int, int], list[int]] = {}
    for number, thing in enumerate(things):
        for y, x in {cell[1:] for cell in thing.cells}:
            there.setdefault((y, x), []).append(number)
    names = [thing.name for thing in things]
    label = np.zeros((rows, columns), np.int64)
    for cell, numbers in there.items():
        if len(numbers) > 1:
            names.append(" and ".join(things[number].name for number in numbers))
        label[cell] = numbers[0] + 1 if len(numbers) == 1 else len(names)
    if world.gauges:
        strip = np.zeros((1, columns), np.int64)
        taken = 0
        for gauge, counter in zip(world.spec.gauges, world.gauges, strict=True):
            count = max(0, int(state.counters[i, counter]))
            names.append(f"{gauge.counter} held")
            strip[0, taken : taken + count] = len(names)
            taken += count
        label = np.concatenate([strip, label])
    side = parse_view(world, view).size
    pixels = label.repeat(side, 0).repeat(side, 1)
    return _counted(np.broadcast_to(pixels, (3, *pixels.shape)), names)


def _counted(labels: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Only the parts that are to be seen, numbered anew from 1 in their order."""
    seen = [number for number in range(1, len(names) + 1) if (labels == number).any()]
    table = np.zeros(len(names) + 1, np.int64)
    table[seen] = np.arange(1, len(seen) + 1)
    return table[labels], tuple(names[number - 1] for number in seen)
