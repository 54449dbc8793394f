"""sown(): the filters of a layer - families with holes, strangers, invariant, copied and dead ones - and who is who."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from core.symmetry.groups import Group
from core.testing.families.distinct import Material, Thing, apart, distinct, still, varied

ALONE, INVARIANT, DEAD = -1, -2, -4
"""What ``family`` says of units that are in none."""

STRANGE = 0.5
"""The share of units alone that are a family's member under something that is not in the group."""


@dataclass(frozen=True)
class Counts:
    """How many of what; ``holes`` is the share of members left out, ``symmetric`` the families with a stabiliser."""

    families: int
    symmetric: int = 0
    holes: float = 0.0
    alone: int = 0
    invariant: int = 0
    duplicates: int = 0
    dead: int = 0


@dataclass(frozen=True, eq=False)
class Sown:
    """Filters and biases, unit by unit; ``family``, ``place`` and ``twin`` as in PlantedFamilies."""

    weights: Float[np.ndarray, "u c k k"] = field(repr=False)
    bias: Float[np.ndarray, "u"] = field(repr=False)
    family: Int[np.ndarray, "u"]
    place: Int[np.ndarray, "u"]
    twin: Int[np.ndarray, "u"]
    stabilisers: tuple[tuple[int, ...], ...]


def sown(material: Material, counts: Counts, rng: np.random.Generator, *, half: int | None = None) -> Sown:
    """Families first, then units alone, invariant ones, copies and dead ones.

    ``half`` is the element under which the members of symmetric families stay as they are.
    """
    group, neutral = material.act.group, material.act.group.identity
    symmetric = 0 if half is None else counts.symmetric
    stabilisers: list[tuple[int, ...]] = [(neutral,)] * counts.families
    stabilisers[:symmetric] = [(neutral, half or neutral)] * symmetric
    families: list[Thing] = []
    for stabiliser in stabilisers:
        families += distinct(
            1,
            lambda held=stabiliser: _summed(material, material.draw(rng), held),  # type: ignore[misc]
            material,
            rng,
            beside=families,
            fits=apart(material.act, stabiliser),
        )
    alone = distinct(
        counts.alone,
        lambda: _stranger(material, families, rng),
        material,
        rng,
        beside=families,
        fits=varied,
    )
    invariant = distinct(
        counts.invariant,
        lambda: _summed(material, material.draw(rng), range(len(group))),
        material,
        rng,
        beside=families + alone,
        fits=still,
    )
    rows: list[tuple[Thing, int, int, int]] = []
    for index, (thing, stabiliser) in enumerate(zip(families, stabilisers, strict=True)):
        rows += [(thing, place, index, place) for place in _places(group, stabiliser, counts.holes, rng)]
    rows += [(thing, neutral, ALONE, -1) for thing in alone]
    rows += [(thing, neutral, INVARIANT, -1) for thing in invariant]
    return _planted(rows, counts, rng, stabilisers)


def _planted(
    rows: list[tuple[Thing, int, int, int]],
    counts: Counts,
    rng: np.random.Generator,
    stabilisers: Sequence[tuple[int, ...]],
) -> Sown:
    """Rows of (thing, element it is shown under, family, place), with copies and dead units after them."""
    able = [number for number, row in enumerate(rows) if row[2] != INVARIANT]
    copied = rng.permutation(able)[: counts.duplicates].tolist()
    twin = [-1] * len(rows) + copied + [-1] * counts.dead
    rows = rows + [rows[number] for number in copied]
    weights = np.stack([thing.weights[element] for thing, element, _, _ in rows])
    nothing = np.zeros((counts.dead, *weights.shape[1:]))
    return Sown(
        np.concatenate([weights, nothing]),
        np.array([thing.bias for thing, *_ in rows] + [-1.0] * counts.dead),
        np.array([family for *_, family, _ in rows] + [DEAD] * counts.dead),
        np.array([place for *_, place in rows] + [-1] * counts.dead),
        np.array(twin),
        tuple(stabilisers),
    )


def _summed(material: Material, source: Any, elements: Sequence[int]) -> Any:
    """What stays as it is under the elements, which are a group."""
    if len(elements) == 1:
        return source
    return material.add([material.carry(source, element) for element in elements])


def _stranger(material: Material, families: Sequence[Thing], rng: np.random.Generator) -> Any:
    if not families or rng.random() > STRANGE:
        return material.draw(rng)
    source = families[int(rng.integers(len(families)))].source
    return material.strange(source, rng)


def _places(group: Group, stabiliser: Sequence[int], holes: float, rng: np.random.Generator) -> list[int]:
    """Members that are there, one for each that the stabiliser makes alike: at least two, and linked by elements."""
    taken: set[int] = set()
    whole = []
    for element in range(len(group)):
        if element not in taken:
            whole.append(element)
            taken |= {int(group.table[element, same]) for same in stabiliser}
    if len(whole) == 2:
        return whole
    while True:
        left = [element for element in whole if rng.random() >= holes]
        if len(left) >= 2 and _linked(group, left):
            return left


def _linked(group: Group, places: list[int]) -> bool:
    """Whether one can go from every place to every other by elements of the group: steps of scale do not reach far."""
    reached = {places[0]}
    while True:
        more = {q for p in reached for q in places if group.offsets[p, q] >= 0}
        if more == reached:
            return len(reached) == len(places)
        reached = more
