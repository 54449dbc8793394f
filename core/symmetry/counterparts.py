"""counterparts(): families of one network matched with those of another as wholes, and by which offset."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from core.errors import BadInput
from core.provenance import Provenance, provenance
from core.symmetry.across import Across
from core.symmetry.families import Families, Family
from core.symmetry.groups import Group
from core.uncertainty import Interval, tails

DRAWS = 1000

SHARE = 0.9
"""The share of strangers whose spread says how far chance reaches: copies of members, beyond it, do not widen it."""


@dataclass(frozen=True)
class Couple:
    """Members ``a`` and ``b`` of two families at the same place, and their correlation on the same inputs."""

    a: int
    b: int
    likeness: float


@dataclass(frozen=True)
class Counterpart:
    """Family number ``one`` of the first network is number ``other`` of the second.

    A member at place p there is a member at "first ``offset``, then p" here. ``score`` is the mean over all pairs of a
    member of each, of their correlation under the element that carries the one to the other if that is so; its
    interval is from redrawing members of both. ``elsewhere`` is the mean score at all other offsets, ``sure`` the
    share of redrawings in which this offset is the best, and ``halves`` the score over each half of the inputs.
    ``chance`` is what unrelated families stay below.
    """

    one: int
    other: int
    offset: int
    score: Interval
    elsewhere: float
    sure: float
    halves: tuple[float, float]
    chance: float
    couples: tuple[Couple, ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Counterparts:
    """Families that are each other's counterpart, the most alike first; of all pairs the score at the best offset.

    ``thresholds`` are, for every pair, the score that the best of as many unrelated pairs would reach in one search
    out of twenty.
    """

    found: tuple[Counterpart, ...]
    scores: Float[np.ndarray, "f h"] = field(repr=False)
    offsets: Int[np.ndarray, "f h"] = field(repr=False)
    thresholds: Float[np.ndarray, "f h"] = field(repr=False)
    group: Group
    provenance: Provenance = field(repr=False)


def counterparts(
    across: Across, one: Families, other: Families, *, level: float = 0.05, seed: int = 0
) -> Counterparts:
    """Which families of the one layer are which of the other, each at most one, and by which offset.

    For every pair of families and every offset the score is the mean correlation of all their members under the
    elements that this offset calls for. Pairs are assigned so that the sum of best scores is largest. What chance
    gives is taken from strangers: how well every single unit outside the assigned family fits the whole family at its
    best offset, as an extreme-value law of Fisher's z. A pair counts if its score, in each half of the inputs too, is
    above what the best of all pairs of such strangers would reach in a share ``level`` of searches.

    Raises
    ------
    BadInput
        if the families are of other layers or of another group than the likeness.

    >>> from core.symmetry.across import Side, across
    >>> from core.symmetry.families import find
    >>> from core.testing import planted_families, planted_views
    >>> planted = planted_families("reflection", seed=0)
    >>> side = Side(planted.subject, planted.layer, planted_views(planted, count=32, seed=0))
    >>> both = across(side, side)
    >>> families = find(both.one)
    >>> same = counterparts(both, families, families)
    >>> all(each.one == each.other for each in same.found), len(same.found) == len(families.families)
    (True, True)
    """
    _refuse_unlike(across, one, other)
    group, values = across.group, across.values
    back = np.ascontiguousarray(values[group.inverse].transpose(0, 2, 1))
    every = [[_at_offsets(values, f, h, group) for h in other.families] for f in one.families]
    best = np.array([[float(np.nanmax(_mean(pair))) for pair in row] for row in every])
    best = best.reshape(len(one.families), len(other.families))
    offsets = np.array([[int(np.nanargmax(_mean(pair))) for pair in row] for row in every], int)
    offsets = offsets.reshape(best.shape)
    mates = _assigned(best)
    strange = [
        _strangers(values, one, other, mates, across.other.alive),
        _strangers(back, other, one, {b: a for a, b in mates.items()}, across.one.alive),
    ]
    thresholds = _thresholds(*strange, level=level)
    found = []
    for f, h in mates.items():
        pair = _judged(every[f][h], int(offsets[f, h]), one.families[f], other.families[h], group, seed)
        each = _counterpart(across, one, other, (f, h), pair, float(thresholds[f, h]))
        if min(each.score.estimate, *each.halves) > each.chance:
            found.append(each)
    found.sort(key=lambda each: -each.score.estimate)
    stamp = provenance(
        subject=across.one.provenance.subject,
        data=across.one.provenance.data,
        seed=seed,
        level=level,
        **across.one.provenance.parameters,
    )
    return Counterparts(tuple(found), best, offsets, thresholds, group, stamp)


def _refuse_unlike(across: Across, one: Families, other: Families) -> None:
    for given, likeness in ((one, across.one), (other, across.other)):
        if given.group.labels != likeness.group.labels or given.units != likeness.units:
            raise BadInput(
                f"families of {given.layer!r} ({given.units} units, under {given.group.name} of {len(given.group)} "
                f"elements) do not fit the likeness of {likeness.layer!r} ({likeness.units} units, under "
                f"{likeness.group.name} of {len(likeness.group)})"
            )


def _at_offsets(
    values: Float[np.ndarray, "g a b"], one: Family, other: Family, group: Group
) -> Float[np.ndarray, "t m n"]:
    """For every offset the correlation of every two members under the element that it calls for, or NaN."""
    units = np.array([each.unit for each in one.members])
    others = np.array([each.unit for each in other.members])
    moved = group.table[np.array([each.place for each in one.members])]  # (m, t): first t, then the place
    places = np.array([each.place for each in other.members])
    wanted = np.where(moved[..., None] >= 0, group.offsets[moved][..., places], -1)  # (m, t, n)
    found = values[wanted, units[:, None, None], others]
    return np.where(wanted >= 0, found, np.nan).transpose(1, 0, 2)


def _mean(pairs: Float[np.ndarray, "t m n"]) -> Float[np.ndarray, "t"]:
    """The score at every offset; NaN where no two members can be compared, or fewer than half of the most."""
    known = np.isfinite(pairs).sum((1, 2))
    total = np.nansum(pairs, (1, 2))
    found: np.ndarray = np.where(2 * known >= known.max(), total / np.maximum(known, 1), np.nan)
    return found


def _assigned(scores: Float[np.ndarray, "f h"]) -> dict[int, int]:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-scores)
    return dict(zip(rows.tolist(), columns.tolist(), strict=True))


def _strangers(
    values: Float[np.ndarray, "g a b"],
    one: Families,
    other: Families,
    mates: dict[int, int],
    alive: Bool[np.ndarray, "b"],
) -> list[Float[np.ndarray, "s"]]:
    """For every family how well (Fisher's z) each single unit outside its assigned family fits at its best offset."""
    found = []
    for number, family in enumerate(one.families):
        fits = _fits(values, family, one.group)
        mate = other.families[mates[number]].members if number in mates else ()
        outside = alive.copy()
        outside[[each.unit for each in mate]] = False
        found.append(np.arctanh(fits[outside].clip(-0.999, 0.999)))
    return found


def _fits(values: Float[np.ndarray, "g a b"], family: Family, group: Group) -> Float[np.ndarray, "b"]:
    """The largest mean correlation of the members with one unit, over the places where that could stand."""
    places = np.array([each.place for each in family.members])
    units = np.array([each.unit for each in family.members])
    wanted = group.offsets[places]  # (m, g): from a member's place to each
    found = np.where(wanted[..., None] >= 0, values[wanted, units[:, None]], np.nan)  # (m, g, b)
    known = np.isfinite(found[..., 0]).sum(0)
    kept = 2 * known >= known.max()
    means: np.ndarray = np.nanmean(found[:, kept], 0).max(0)
    return means


def _thresholds(
    strange: Sequence[np.ndarray], others: Sequence[np.ndarray], *, level: float
) -> Float[np.ndarray, "f h"]:
    """What the best of all pairs of strangers would reach, for either family of a pair: the larger of the two."""
    from scipy.stats import gumbel_r  # the law of the best of many, here of offsets

    pairs = max(1, len(strange) * len(others))
    middle, upper, far = (float(gumbel_r.ppf(share)) for share in (0.5, SHARE, 1 - level / pairs))

    def reach(fits: np.ndarray) -> float:
        if not len(fits):
            return 1.0
        low, high = np.quantile(fits, [0.5, SHARE])
        return float(np.tanh(low + (high - low) * (far - middle) / (upper - middle)))

    one, other = (np.array([reach(fits) for fits in side]).reshape(-1) for side in (strange, others))
    found: np.ndarray = np.maximum(one[:, None], other)
    return found


@dataclass(frozen=True, eq=False)
class _Judged:
    offset: int
    interval: Interval
    elsewhere: float
    sure: float


def _judged(
    pairs: Float[np.ndarray, "t m n"], offset: int, one: Family, other: Family, group: Group, seed: int
) -> _Judged:
    """The score's interval and how sure its offset is, by redrawing the members of both families."""
    same = equivalent(offset, one, other, group)
    scores = _mean(pairs)
    rng, (m, n) = np.random.default_rng(seed), pairs.shape[1:]
    left = rng.multinomial(m, np.full(m, 1 / m), DRAWS)
    right = rng.multinomial(n, np.full(n, 1 / n), DRAWS)
    known = np.isfinite(pairs).astype(float)
    weight = np.einsum("dm,tmn,dn->dt", left, known, right, optimize=True)
    total = np.einsum("dm,tmn,dn->dt", left, np.nan_to_num(pairs), right, optimize=True)
    redrawn = np.where((weight > 0) & np.isfinite(scores), total / np.maximum(weight, 1), np.nan)
    low, high = np.nanquantile(redrawn[:, offset], tails(0.95, min(m, n)))
    sure = np.isin(np.nanargmax(np.where(np.isfinite(redrawn), redrawn, -2), 1), same).mean()
    rest = np.setdiff1d(np.flatnonzero(np.isfinite(scores)), same)
    estimate = float(scores[offset])
    interval = Interval(estimate, min(float(low), estimate), max(float(high), estimate), min(m, n))
    return _Judged(offset, interval, float(scores[rest].mean()) if len(rest) else float("nan"), float(sure))


def equivalent(offset: int, one: Family, other: Family, group: Group) -> list[int]:
    """All offsets that mean the same, because elements leave the members of one or the other family as they are."""
    table = group.table
    found = {
        int(table[table[s, offset], u])
        for s in one.stabiliser
        for u in other.stabiliser
        if table[s, offset] >= 0
    }
    return sorted(found - {-1} | {offset})


def _counterpart(
    across: Across, one: Families, other: Families, which: tuple[int, int], judged: _Judged, chance: float
) -> Counterpart:
    first, second = one.families[which[0]], other.families[which[1]]
    halves = [
        float(_mean(_at_offsets(half, first, second, across.group))[judged.offset]) for half in across.halves
    ]
    return Counterpart(
        which[0],
        which[1],
        judged.offset,
        judged.interval,
        judged.elsewhere,
        judged.sure,
        (halves[0], halves[1]),
        chance,
        _couples(across, first, second, judged.offset),
    )


def _couples(across: Across, one: Family, other: Family, offset: int) -> tuple[Couple, ...]:
    """The members that stand at the same place if the offset is right."""
    table, here = across.group.table, across.values[across.group.identity]
    offsets = equivalent(offset, one, other, across.group)
    return tuple(
        Couple(a.unit, b.unit, float(here[a.unit, b.unit]))
        for a in one.members
        for b in other.members
        if b.place in table[a.place, offsets]
    )
