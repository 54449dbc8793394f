"""The Circuits thread's lists of InceptionV1's units: groups, orders along an orbit, mirrored pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from core.artifacts import read_json
from core.errors import UnknownName

FILE = Path(__file__).parent / "inceptionv1.json"
"""The lists as data, with repository, path and commit of each; see its ``licence``, ``corrections``, ``cautions``."""

NETWORKS = ("lucent:inceptionv1", "lucent:inceptionv1_exact")
"""The names of the one network that the lists are of; the units of any other GoogLeNet are others."""


@dataclass(frozen=True)
class Published:
    """A group of units as the overview of early vision names it [olah2020b].

    ``under`` are the transformations that relate its members, empty where it is no family; ``grounds`` says whether
    an article states that (``stated``) or only the group's name does (``name``).
    """

    layer: str
    name: str
    units: tuple[int, ...]
    under: tuple[str, ...] = ()
    grounds: str = ""


@dataclass(frozen=True)
class Order:
    """Units in the order in which they follow on each other under ``action``.

    ``degrees``, where there are any, are of period ``period``, and mean something up to one offset and direction.
    ``sharpness`` is how sharp each unit's published tuning curve is: its resultant length.
    """

    layer: str
    name: str
    action: str
    period: int
    units: tuple[int, ...]
    degrees: tuple[float, ...] | None
    sharpness: tuple[float, ...] | None
    source: str


@dataclass(frozen=True)
class Grid:
    """Units laid out by two transformations, row by row; None is an empty cell."""

    layer: str
    name: str
    axes: tuple[str, ...]
    steps: tuple[float, ...] | None
    cells: tuple[tuple[int | None, ...], ...]
    source: str


@dataclass(frozen=True)
class Lists:
    """All lists of one network. ``sizes`` are its layers' units; in ``complete`` ones every unit is in one group."""

    sizes: Mapping[str, int]
    complete: tuple[str, ...]
    groups: tuple[Published, ...] = field(repr=False)
    orders: tuple[Order, ...] = field(repr=False)
    grids: tuple[Grid, ...] = field(repr=False)
    pairs: tuple[tuple[str, int, int], ...] = field(repr=False)

    def families(self, layer: str, *actions: str) -> tuple[Published, ...]:
        """The groups of a layer that are families: under one of ``actions``, or, if none is given, under any."""
        return tuple(
            group for group in self.of(layer) if (set(actions) & {*group.under} if actions else group.under)
        )

    def of(self, layer: str) -> tuple[Published, ...]:
        """All groups of a layer.

        Raises
        ------
        UnknownName
            if nothing is published of that layer.
        """
        if layer not in self.sizes:
            raise UnknownName("layer with published families", layer, self.sizes)
        return tuple(group for group in self.groups if group.layer == layer)


@cache
def inceptionv1() -> Lists:
    """What the Circuits thread published of InceptionV1 [olah2020b], [olah2020c], [cammarata2020], [cammarata2021].

    >>> lists = inceptionv1()
    >>> [group.name for group in lists.families("mixed3b", "reflection")], len(lists.complete)
    (['Curve Shapes'], 5)
    """
    held = read_json(FILE)
    grids = tuple(_grid(each) for each in held["grids"])
    lines = (order for grid in grids if grid.axes == ("hue", "rotation") for order in _lines(grid))
    return Lists(
        {layer: each["units"] for layer, each in held["layers"].items()},
        tuple(layer for layer, each in held["layers"].items() if each["complete"]),
        tuple(_group(each) for each in held["groups"]),
        (*(_order(each) for each in held["orders"]), *lines),
        grids,
        tuple((each["layer"], *each["units"]) for each in held["pairs"]),
    )


def lists_of(model: str) -> Lists | None:
    """The lists that are of the network of that name, None if none are (also where it is untrained).

    >>> lists_of("bvlc_googlenet") is None, lists_of("lucent:inceptionv1") is inceptionv1()
    (True, True)
    """
    return inceptionv1() if model in NETWORKS else None


def _group(each: Mapping) -> Published:
    return Published(
        each["layer"], each["name"], tuple(each["units"]), tuple(each["under"]), each.get("grounds", "")
    )


def _order(each: Mapping) -> Order:
    degrees, sharpness = each["degrees"], each.get("sharpness")
    return Order(
        each["layer"],
        each["name"],
        each["action"],
        each["period"],
        tuple(each["units"]),
        None if degrees is None else tuple(map(float, degrees)),
        None if sharpness is None else tuple(sharpness),
        each["source"],
    )


def _grid(each: Mapping) -> Grid:
    return Grid(
        each["layer"],
        each["name"],
        tuple(each["axes"]),
        None if each["steps"] is None else tuple(map(float, each["steps"])),
        tuple(map(tuple, each["cells"])),
        each["source"],
    )


def _lines(grid: Grid) -> list[Order]:
    """A hue x rotation grid's rows as orders under rotation, and its columns under hue.

    The rows are half a turn of hue, and half a turn more is half a turn of orientation: a column goes on in the one
    half the grid's width away.
    """
    (hue, turn), cells = grid.steps or (0.0, 0.0), grid.cells
    half = len(cells[0]) // 2
    columns = [[row[at] for at in (left, left + half) for row in cells] for left in range(half)]
    rows = [_line(grid, f"row {n}", "rotation", turn, row) for n, row in enumerate(cells, 1)]
    return rows + [_line(grid, f"column {n}", "hue", hue, column) for n, column in enumerate(columns, 1)]


def _line(grid: Grid, which: str, action: str, step: float, cells: Sequence[int | None]) -> Order:
    filled = [(unit, step * at) for at, unit in enumerate(cells) if unit is not None]
    units, degrees = zip(*filled, strict=True)
    return Order(grid.layer, f"{grid.name}, {which}", action, 360, units, degrees, None, grid.source)
