"""Families found in a layer beside the published groups: pairs, and the best match of each group."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Int

from core.errors import BadInput
from core.symmetry.families import Families
from core.symmetry.scores import best_match_f1
from vision.published.reading import Lists, Published

SHUFFLES = 50
"""Times that the found labels are dealt out anew among the units for the level of chance."""


@dataclass(frozen=True)
class Match:
    """A published group and the found family that it goes with best.

    ``f1`` compares the two as sets, and is None in a layer that is listed in part. ``recall`` is the largest share of
    the group that is in one found family. ``chance`` is the same (F1, or recall where there is none) when the found
    labels are dealt out at random.
    """

    name: str
    grounds: str
    size: int
    f1: float | None
    recall: float
    chance: float


@dataclass(frozen=True)
class Partition:
    """Pairs of units that were found to be of one family, beside pairs that are of one published group.

    ``precision`` counts pairs with at least one unit in a published family under the same transformation: how many
    are of one such family; it is None in a layer that is listed in part, and where nothing was found. ``within``
    counts all found pairs: how many are of one published group, be it a family or not. Their ``chance`` is the share
    of all pairs that are so. ``recall`` is the share of pairs of one published family that were found; its chance is
    the share of all pairs of the layer that were found.
    """

    units: int
    families: int
    members: int
    precision: float | None
    precision_chance: float
    within: float | None
    within_chance: float
    recall: float | None
    recall_chance: float
    matches: tuple[Match, ...] = field(repr=False)

    @property
    def f1(self) -> float | None:
        """Of precision and recall; None where either is."""
        if self.precision is None or self.recall is None:
            return None
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def partition(families: Families, *, lists: Lists, seed: int = 0) -> Partition:
    """Families of a layer beside the published groups of that layer.

    A group counts as a family where the lists say that one of the group's transformations relates its members. In a
    complete layer a found pair outside them is not counted (nobody said whether the units of Texture turn); one that
    leads from a published family to anywhere else is false. In a layer that is listed in part no pair is ever false.

    Raises
    ------
    UnknownName
        if nothing is published of the layer.
    BadInput
        if the layer has another number of units than the lists say.
    """
    layer, labels = families.layer, np.asarray(families.labels)
    groups, known = lists.of(layer), lists.families(layer, *families.group.axes)
    if len(labels) != lists.sizes[layer]:
        raise BadInput(
            f"{layer} has {len(labels)} units here and {lists.sizes[layer]} in the published lists; they are of "
            "another network"
        )
    complete, upper = layer in lists.complete, np.triu(np.ones((len(labels),) * 2, bool), 1)
    together = (labels[:, None] == labels) & (labels >= 0) & upper
    same, listed = _same(known, len(labels)) & upper, _listed(known, len(labels))
    counted, alike = (listed[:, None] | listed) & upper, _same(groups, len(labels)) & upper
    return Partition(
        units=len(labels),
        families=len(families.families),
        members=int((labels >= 0).sum()),
        precision=_share(same, together & counted) if complete else None,
        precision_chance=_share(same, counted) or 0.0,
        within=_share(alike, together) if complete else None,
        within_chance=_share(alike, upper) or 0.0,
        recall=_share(together, same),
        recall_chance=_share(together, upper) or 0.0,
        matches=tuple(_match(group, labels, complete, seed) for group in known),
    )


def _share(what: Bool[np.ndarray, "a b"], among: Bool[np.ndarray, "a b"]) -> float | None:
    return float(what[among].mean()) if among.any() else None


def _same(groups: tuple[Published, ...], units: int) -> Bool[np.ndarray, "a b"]:
    """Which two units share a group."""
    same = np.zeros((units, units), bool)
    for group in groups:
        same[np.ix_(group.units, group.units)] = True
    return same


def _listed(groups: tuple[Published, ...], units: int) -> Bool[np.ndarray, "a"]:
    listed = np.zeros(units, bool)
    listed[[unit for group in groups for unit in group.units]] = True
    return listed


def _match(group: Published, labels: Int[np.ndarray, "a"], complete: bool, seed: int) -> Match:
    rng = np.random.default_rng(seed)
    fit = _f1 if complete else _recall
    chance = float(np.mean([fit(group, rng.permutation(labels)) for _ in range(SHUFFLES)]))
    f1 = _f1(group, labels) if complete else None
    return Match(group.name, group.grounds, len(group.units), f1, _recall(group, labels), chance)


def _f1(group: Published, labels: Int[np.ndarray, "a"]) -> float:
    return best_match_f1({group.name: group.units}, labels)[group.name].f1


def _recall(group: Published, labels: Int[np.ndarray, "a"]) -> float:
    """The largest share of the group that is in one found family."""
    found = labels[list(group.units)]
    shared = np.bincount(found[found >= 0])
    return float(shared.max(initial=0) / len(found))
