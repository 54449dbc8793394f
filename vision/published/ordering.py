"""Published orders along an orbit, and grids of two, beside the places that found families give the same units."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.symmetry.families import Families
from core.symmetry.scores import circular_correlation
from vision.published.places import FULL, coordinates, degrees, places
from vision.published.reading import Grid, Lists, Order

LEAST = 4
"""Units: of three, two orders in three agree up to offset and direction."""

SHARP = 0.2
"""Resultant length: the degrees of a unit whose published tuning curve is blunter say little and are left out."""

SHUFFLES = 50
"""Times that the found places are dealt out anew among the units for the level of chance."""


@dataclass(frozen=True)
class OrderScore:
    """A published order beside the found family that holds most of its units.

    ``listed`` units have a published place, ``together`` of them are in that family. ``correlation`` is circular, up
    to one offset and direction, of degrees or (``by``) of ranks where no degrees were published; None with fewer than
    four units. ``chance`` is its mean when the found places are dealt out at random: it is high where units are few.
    """

    name: str
    by: str
    listed: int
    together: int
    correlation: float | None
    chance: float | None


@dataclass(frozen=True)
class GridScore:
    """A published grid of hue and rotation beside the found family that holds most of its units.

    Half a turn of hue is half a turn of orientation there, so what is compared is what does not change by both:
    ``diagonal``, hue and orientation together, and ``hue``, twice the hue; each a circular correlation.
    """

    name: str
    listed: int
    together: int
    diagonal: float | None
    hue: float | None
    diagonal_chance: float | None
    hue_chance: float | None


def orders(families: Families, *, lists: Lists, seed: int = 0) -> tuple[OrderScore, ...]:
    """All published orders of the layer along the group's one axis of turns, with reflection beside it or without."""
    turns = [axis for axis in families.group.axes if axis != "reflection"]
    if len(turns) != 1:
        return ()
    known = (order for order in lists.orders if (order.layer, order.action) == (families.layer, turns[0]))
    return tuple(_order(order, families, turns[0], seed) for order in known)


def grids(families: Families, *, lists: Lists, seed: int = 0) -> tuple[GridScore, ...]:
    """The published grids of the layer that are laid out by the group's own axes."""
    known = (grid for grid in lists.grids if grid.layer == families.layer)
    return tuple(
        _grid(grid, families, seed) for grid in known if grid.steps and grid.axes == families.group.axes
    )


def _order(order: Order, families: Families, axis: str, seed: int) -> OrderScore:
    sharp = order.sharpness or (1.0,) * len(order.units)
    rank = order.degrees is None
    angles = order.degrees or tuple(FULL * at / len(order.units) for at in range(len(order.units)))
    listed = {
        unit: angle for unit, angle, sure in zip(order.units, angles, sharp, strict=True) if sure >= SHARP
    }
    by = "rank" if rank else "degrees"
    index = _holder(families, set(listed))
    if index is None:
        return OrderScore(order.name, by, len(listed), 0, None, None)
    found, period = degrees(families, index, axis)
    period = min(period, float(order.period))
    units = [unit for unit in listed if unit in found]
    here, there = np.array([listed[unit] for unit in units]), np.array([found[unit] for unit in units])
    if rank:
        period, here, there = FULL, _ranks(here), _ranks(there)
    if len(units) < LEAST:
        return OrderScore(order.name, by, len(listed), len(units), None, None)
    agreement, chance = _compared(lambda drawn: _correlation(here, there[drawn], period), seed, len(units))
    return OrderScore(order.name, by, len(listed), len(units), agreement, chance)


def _grid(grid: Grid, families: Families, seed: int) -> GridScore:
    hue, turn = grid.steps or (0.0, 0.0)
    listed = {
        unit: (row * hue, column * turn)
        for row, cells in enumerate(grid.cells)
        for column, unit in enumerate(cells)
        if unit is not None
    }
    index = _holder(families, set(listed))
    found = {} if index is None else places(families, index)
    units = [unit for unit in listed if unit in found]
    if len(units) < LEAST:
        return GridScore(grid.name, len(listed), len(units), None, None, None, None)
    steps = np.array([coordinates(families.group, found[unit]) for unit in units])
    h, o = (steps * FULL / np.array(families.group.shape)).T
    here_h, here_o = np.array([listed[unit] for unit in units]).T

    def diagonal(drawn: np.ndarray) -> float:
        both = (o + h, o - h)  # whether hue and orientation turn the same way is a matter of convention
        return max(_correlation(here_h + here_o, each[drawn], FULL) for each in both)

    along, along_chance = _compared(diagonal, seed, len(units))
    twice, twice_chance = _compared(
        lambda drawn: _correlation(2 * here_h, 2 * h[drawn], FULL), seed, len(units)
    )
    return GridScore(grid.name, len(listed), len(units), along, twice, along_chance, twice_chance)


def _correlation(here: Float[np.ndarray, "n"], there: Float[np.ndarray, "n"], period: float) -> float:
    """Up to offset and direction; 0 where one of the two does not vary, which says nothing of the other."""
    return float(np.nan_to_num(circular_correlation(here, there, period=period, either_way=True)))


def _compared(correlation: Callable[[np.ndarray], float], seed: int, count: int) -> tuple[float, float]:
    """A correlation as it is, and its mean when the units are dealt out anew."""
    rng = np.random.default_rng(seed)
    chance = np.mean([correlation(rng.permutation(count)) for _ in range(SHUFFLES)])
    return correlation(np.arange(count)), float(chance)


def _holder(families: Families, units: set[int]) -> int | None:
    """The found family with most of the units; None if none has any."""
    labels = families.labels[sorted(units)]
    return int(np.bincount(labels[labels >= 0]).argmax()) if (labels >= 0).any() else None


def _ranks(angles: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Angles spread evenly over the circle in their order; equal ones share a place."""
    below, upto = (angles[:, None] > angles).sum(1), (angles[:, None] >= angles).sum(1)
    return FULL * (below + upto) / (2 * len(angles))
