"""find(): families of units, each what another is of a transformed input, and the place of each on its orbit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from core.errors import BadInput
from core.provenance import Provenance, provenance
from core.symmetry.groups import Group, subgroups, widened
from core.symmetry.joining import joined
from core.symmetry.likeness import Likeness
from core.symmetry.null import CEILING, Threshold, between_heaps, by_chance, invariant, specific
from core.symmetry.null import INVARIANT as ALIKE_TO_ITSELF
from core.symmetry.synchronise import aligned, synchronised

ALONE, INVARIANT, COPY, DEAD = -1, -2, -3, -4
"""Labels of units that are in no family."""

LOOKED_AT = 0.3
"""Joins of this likeness and more tell whether it falls into two heaps."""


@dataclass(frozen=True)
class Member:
    """A unit, and the element that carries its family's origin to it (modulo the family's stabiliser)."""

    unit: int
    place: int


@dataclass(frozen=True)
class Family:
    """Units that answer alike once each input is transformed as their places say.

    ``likeness`` is the mean over pairs at the offsets that the places make; ``consistency`` (0 to 1) is that mean over
    what every pair would reach at an offset of its own. Under the elements of ``stabiliser`` the origin stays what it
    is: a line detector turned by half a turn.
    """

    members: tuple[Member, ...]
    likeness: float
    consistency: float
    stabiliser: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Families:
    """What the units of a layer are under a group.

    ``duplicates`` are bunches of units that answer alike to the same inputs; the first of a bunch stands for it where
    it is in a family. ``false_discovery`` is the share of pairs of the likeness ``threshold`` expected in a network of
    shuffled weights (NaN if none was compared), and ``why`` says where the threshold comes from.
    """

    layer: str
    group: Group
    units: int
    families: tuple[Family, ...]
    invariant: tuple[int, ...]
    duplicates: tuple[tuple[int, ...], ...]
    dead: tuple[int, ...]
    threshold: float
    false_discovery: float
    why: str
    provenance: Provenance = field(repr=False)

    @property
    def labels(self) -> Int[np.ndarray, "u"]:
        """By unit: its family, or -1 alone, -2 invariant, -3 a duplicate of a unit that is in none, -4 dead."""
        labels = np.full(self.units, ALONE)
        labels[list(self.invariant)] = INVARIANT
        labels[list(self.dead)] = DEAD
        for i, family in enumerate(self.families):
            labels[[member.unit for member in family.members]] = i
        for first, *others in self.duplicates:
            labels[others] = labels[first] if labels[first] >= 0 else COPY
        return labels

    @property
    def places(self) -> Int[np.ndarray, "u"]:
        """By unit: its place, or -1; duplicates have that of the unit which stands for them."""
        places = np.full(self.units, -1)
        for family in self.families:
            for member in family.members:
                places[member.unit] = member.place
        for first, *others in self.duplicates:
            places[others] = places[first]
        return places

    @property
    def alone(self) -> tuple[int, ...]:
        """Units that belong to none."""
        return tuple(np.flatnonzero(self.labels == ALONE).tolist())

    def __repr__(self) -> str:
        sizes = ", ".join(str(len(family.members)) for family in self.families)
        return (
            f"Families({self.layer!r} under {self.group.name}: {len(self.families)} of {sizes or 'no'} units; "
            f"{len(self.invariant)} invariant, {len(self.duplicates)} with duplicates, {len(self.dead)} dead, "
            f"{len(self.alone)} alone of {self.units})"
        )


def find(
    likeness: Likeness, *, null: Likeness | Sequence[Likeness] | None = None, level: float = 0.05
) -> Families:
    """The families of a layer's units under a group, from how alike they are under its elements.

    Pairs count if they stand out from shuffled labels of transforms and are so alike that of those which are, at most
    a share ``level`` is expected in a network of shuffled weights (``null``: the ``likenesses`` of
    ``core.symmetry.shuffled(subject)``, or of several such, of which the strictest counts: the smaller a network,
    the more one shuffling differs from the next); where likeness falls into two heaps, the threshold lies between
    them. Units are joined by average linkage in their frames, then placed on their orbit by all offsets at once.

    Raises
    ------
    BadInput
        if a ``null`` is of another group, or ``level`` is not between 0 and 1.

    >>> from core.symmetry import likenesses, sheets
    >>> from core.testing import planted_families, planted_views
    >>> planted = planted_families("rotation", seed=0)
    >>> views = sheets(planted_views(planted, count=200, seed=0), planted.subject, planted.layer)
    >>> found = find(likenesses(planted.subject, [planted.layer], views)[planted.layer])
    >>> len(found.families), len(found.dead)
    (5, 1)
    """
    if not 0 < level < 1:
        raise BadInput(f"the share of false discoveries lies between 0 and 1; got {level}")
    nulls = (null,) if isinstance(null, Likeness) else tuple(null or ())
    for each in nulls:
        if each.group.labels != likeness.group.labels:
            raise BadInput(
                f"the null was taken under {each.group.name}, the likeness under {likeness.group.name}"
            )
    chance = by_chance(likeness, nulls, level=level)
    standing = specific(likeness, level=level)
    living = np.flatnonzero(likeness.alive)
    _, joins = _bunches(standing, likeness.group, living, LOOKED_AT)
    threshold = between_heaps(joins, len(living), chance)
    nothing, sure = threshold.least >= 1, ALIKE_TO_ITSELF if likeness.group.closed else CEILING
    # Where no pair stands out from chance, what is invariant, or there twice, is told all the same.
    least = CEILING if nothing else threshold.least
    standing = _as_they_are(standing, likeness.group) if nothing else standing
    same = invariant(likeness, sure if nothing else max(sure, least))
    varying = np.setdiff1d(living, same)
    bunches, _ = _bunches(standing, likeness.group, varying, least)
    parts = [
        (None, [tuple(sorted(bunch))]) if nothing else _placed(likeness, bunch, threshold)
        for bunch in bunches
        if len(bunch) > 1
    ]
    families = sorted(
        (part for part, _ in parts if part), key=lambda family: (-len(family.members), -family.likeness)
    )
    same_invariant, _ = _bunches(standing, likeness.group, same, least)
    duplicates = [pair for _, pairs in parts for pair in pairs] + [
        tuple(sorted(bunch)) for bunch in same_invariant if len(bunch) > 1
    ]
    return Families(
        layer=likeness.layer,
        group=likeness.group,
        units=likeness.units,
        families=tuple(families),
        invariant=tuple(same.tolist()),
        duplicates=tuple(sorted(duplicates)),
        dead=tuple(np.flatnonzero(~likeness.alive).tolist()),
        threshold=threshold.least,
        false_discovery=threshold.false_discovery,
        why=threshold.why,
        provenance=provenance(
            subject=likeness.provenance.subject,
            data=likeness.provenance.data,
            seed=likeness.provenance.seed,
            level=level,
        ),
    )


def _as_they_are(values: Float[np.ndarray, "g a b"], group: Group) -> Float[np.ndarray, "g a b"]:
    """The likeness under the identity alone."""
    alone = np.zeros_like(values)
    alone[group.identity] = values[group.identity]
    return alone


def _bunches(
    values: Float[np.ndarray, "g a b"], group: Group, units: Int[np.ndarray, "u"], least: float
) -> tuple[list[dict[int, int]], list]:
    """Units joined, by their numbers in the layer, with places in the (widened) group."""
    if not len(units):
        return [], []
    wide, _, chosen = _wide(values, group, units)
    frames, joins = joined(chosen, wide, least=least)
    return [{int(units[i]): place for i, place in frame.items()} for frame in frames], joins


def _wide(
    values: Float[np.ndarray, "g a b"], group: Group, units: Sequence[int] | Int[np.ndarray, "u"]
) -> tuple[Group, Int[np.ndarray, "g"], Float[np.ndarray, "w u u"]]:
    """The likeness of some units in the widened group; NaN where none was measured."""
    wide, where = widened(group)
    chosen = np.full((len(wide), len(units), len(units)), np.nan, np.float32)
    chosen[where] = values[:, units][:, :, units]
    return wide, where, chosen


def _placed(
    likeness: Likeness, bunch: dict[int, int], threshold: Threshold
) -> tuple[Family | None, list[tuple[int, ...]]]:
    """A bunch as a family, if it has more than one place, and its duplicates."""
    units = sorted(bunch)
    wide, where, chosen = _wide(likeness.values, likeness.group, units)
    placing = chosen[_nearest_measured(wide, likeness.group)]
    places = synchronised(placing, wide, np.array([bunch[unit] for unit in units]))
    pairs = aligned(np.nan_to_num(chosen, nan=-1.0), wide, places)
    group = likeness.group
    stabiliser = _stabiliser(chosen, wide, places, threshold.least) if group.closed else (group.identity,)
    places = _brought_back(places, wide, group, where)
    by_place: dict[int, list[int]] = {}
    for unit, place in zip(units, _least_of_coset(places, likeness.group, stabiliser), strict=True):
        by_place.setdefault(int(place), []).append(unit)
    duplicates = [tuple(same) for same in by_place.values() if len(same) > 1]
    if len(by_place) < 2:
        return None, duplicates
    members = tuple(Member(same[0], place) for place, same in sorted(by_place.items()))
    between = ~np.eye(len(units), dtype=bool) & (pairs > -1)
    reached = np.nan_to_num(chosen, nan=-1.0).max(0)
    alike = float(pairs[between].mean())
    consistency = float(np.clip(alike / reached[between].mean(), 0, 1))
    return Family(members, alike, consistency, stabiliser), duplicates


def _nearest_measured(wide: Group, group: Group) -> Int[np.ndarray, "w"]:
    """For each element the measured one next to it, so that an offset beyond them counts neither for nor against.

    Were it left out, a family spread over all steps would be squeezed together until its offsets were measured ones.
    """
    at = np.stack(np.unravel_index(np.arange(len(wide)), wide.shape), 1)
    spare = (np.array(wide.shape) - np.array(group.shape)) // 2
    at = at.clip(spare, spare + np.array(group.shape) - 1)
    return np.asarray(np.ravel_multi_index(tuple(at.T), wide.shape))


def _stabiliser(
    chosen: Float[np.ndarray, "w u u"], group: Group, places: Int[np.ndarray, "u"], least: float
) -> tuple[int, ...]:
    """The most elements that are a group and leave the members, seen from the origin, as they are."""
    units = np.arange(len(places))
    back = group.inverse[places]
    best: tuple[int, ...] = (group.identity,)
    for found in subgroups(group)[1:]:
        turned = group.table[group.table[places][:, list(found)], back[:, None]]  # p h p^-1, for every member
        if chosen[turned, units[:, None], units[:, None]].mean(0).min() >= least:
            best = found
    return best


def _least_of_coset(
    places: Int[np.ndarray, "u"], group: Group, stabiliser: tuple[int, ...]
) -> Int[np.ndarray, "u"]:
    return np.asarray(group.table[places][:, list(stabiliser)].min(1))


def _brought_back(
    places: Int[np.ndarray, "u"], wide: Group, group: Group, where: Int[np.ndarray, "g"]
) -> Int[np.ndarray, "u"]:
    """Places in the group itself: what is spread over no more steps than it has is moved to the middle of them."""
    if group.closed:
        return places
    at = np.stack(np.unravel_index(places, wide.shape), 1)
    for axis, wraps in enumerate(group.wraps):
        if not wraps:
            spread = at[:, axis].max() - at[:, axis].min()
            at[:, axis] += -at[:, axis].min() + (group.shape[axis] - 1 - spread) // 2
    return np.asarray(np.ravel_multi_index(tuple(at.clip(0, np.array(group.shape) - 1).T), group.shape))
