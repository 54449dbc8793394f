"""The families' part of the page: which family of the one network is which of the other, ring beside ring."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from core.symmetry.counterparts import Counterpart, equivalent
from core.symmetry.families import Families
from core.symmetry.groups import Group
from gridlens.matching.family_pair import FamilyPair
from reports.html import number
from reports.matching_families import Side, beside
from reports.sections import Cell, Figure, Section, Table
from vision.families.records import group_document

SURE = 0.95
"""Share of redrawings from which on an offset is taken to be known."""

RINGS = 8
"""Counterparts of a layer pair that are drawn."""


class Paired(Protocol):
    """Two networks by name, the families of their layer pairs, and pictures of units of both, (layer, unit)."""

    @property
    def names(self) -> tuple[str, str]: ...

    @property
    def families(self) -> Sequence[FamilyPair]: ...

    @property
    def pictures(self) -> tuple[Mapping[tuple[str, int], Any], Mapping[tuple[str, int], Any]]: ...


def families_section(found: Paired) -> list[Section]:
    """A section for the families of every layer pair in which they were searched."""
    return [_section(found, pair) for pair in found.families]


def _section(found: Paired, pair: FamilyPair) -> Section:
    a, b = found.names
    group = pair.found.group
    text = (
        f"Under {group.name} ({len(group)} elements) {pair.a} of {a} has {len(pair.one.families)} families and "
        f"{pair.b} of {b} has {len(pair.other.families)}; {_count(len(pair.found.found))}. "
        "Two families are held beside each other at every offset: each member of the one with each of the other, "
        "under the element that takes the one's place to the other's. Their score is the mean correlation over "
        f"{pair.inputs:,} transformed inputs. Chance is what the best of as many strangers would reach: single units "
        "outside the assigned family, each at its own best offset."
    )
    figures = [_rings(found, pair, each) for each in pair.found.found[:RINGS]]
    tables = [_table(pair, a, b)] if pair.found.found else []
    return Section(f"Families: {pair.name}", text, figures=figures, tables=tables)


def _count(pairs: int) -> str:
    if pairs == 0:
        return "no two are each other's counterpart"
    return (
        "one pair is each other's counterpart"
        if pairs == 1
        else f"{pairs} pairs are each other's counterpart"
    )


def _table(pair: FamilyPair, a: str, b: str) -> Table:
    labels = pair.found.group.labels
    header = [a, b, "offset", "score", "at other offsets", "by chance", "offset sure", "halves of the inputs"]
    rows: list[list[Cell]] = [
        [
            f"family {each.one} ({len(pair.one.families[each.one].members)} units)",
            f"family {each.other} ({len(pair.other.families[each.other].members)} units)",
            labels[each.offset],
            each.score,
            _number(each.elsewhere),
            each.chance,
            f"{100 * each.sure:.0f} %",
            f"{each.halves[0]:.2f}, {each.halves[1]:.2f}",
        ]
        for each in pair.found.found
    ]
    caption = (
        "Offset: who stands at 0 in the first family stands there in the second. Interval: over members of both. "
        f"Offset sure: how often, with members redrawn, no other fits better; below {100 * SURE:.0f} % it is not known."
    )
    return Table(header, rows, caption=caption)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _rings(found: Paired, pair: FamilyPair, each: Counterpart) -> Figure:
    group = pair.found.group
    one, other = pair.one.families[each.one], pair.other.families[each.other]
    offsets = equivalent(each.offset, one, other, group)
    back = int(group.inverse[each.offset])
    first = [
        _member(m.unit, m.place, [int(group.table[m.place, s]) for s in one.stabiliser]) for m in one.members
    ]
    second = []
    for m in other.members:
        here = sorted({int(p) for p in np.flatnonzero(np.isin(group.table[:, offsets], [m.place]).any(1))})
        place = int(group.table[m.place, back])
        if here:
            second.append(_member(m.unit, place if place in here else here[0], here))
    labels = group.labels
    sure = "" if each.sure >= SURE else f" (not sure: {100 * each.sure:.0f} %)"
    caption = (
        f"Offset {labels[each.offset]}{sure}, score {number(each.score.estimate)} "
        f"[{number(each.score.low)}, {number(each.score.high)}], by chance {number(each.chance)}. Counterparts "
        "stand at the same place; a dot is a place without a unit."
    )
    names, pictures = found.names, found.pictures
    return beside(
        Side(names[0], first, _of(pictures[0], pair.a)),
        Side(names[1], second, _of(pictures[1], pair.b)),
        group_document(group),
        title=f"Family {each.one} of {pair.a} and {each.other} of {pair.b}",
        caption=caption,
        rows=_couples(each, pair.one, each.one, group),
    )


def _member(unit: int, place: int, places: list[int]) -> dict[str, Any]:
    return {"unit": unit, "place": place, "places": [each for each in places if each >= 0] or [place]}


def _couples(each: Counterpart, one: Families, family: int, group: Group) -> list[dict[str, Any]]:
    places = {member.unit: member.place for member in one.families[family].members}
    return [
        {
            "place": group.labels[places[two.a]],
            "unit": two.a,
            "counterpart": two.b,
            "correlation": two.likeness,
        }
        for two in each.couples
    ]


def _of(pictures: Mapping[tuple[str, int], np.ndarray], layer: str) -> dict[int, np.ndarray]:
    return {unit: picture for (name, unit), picture in pictures.items() if name == layer}
