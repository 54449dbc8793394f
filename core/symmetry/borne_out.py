"""Are families borne out by the weights? Their kernels' likeness where it should be, beside where it should not be."""

from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from core.symmetry.families import Families, Family, Member
from core.symmetry.groups import Group
from core.symmetry.kernels import right_offsets
from core.uncertainty import Interval, bootstrap_interval

Word = Literal["borne out", "open", "against"]

STRANGERS = 400
"""Random groups of units that a family is held beside."""

CHANCE = 0.05
"""The share of random groups that may be as alike as a family that is borne out."""


@dataclass(frozen=True)
class Evidence:
    """What the weights say of one family; all likenesses are cosines of kernels.

    ``assigned`` is the mean over its pairs at the offset assigned to them, ``elsewhere`` at all other offsets,
    ``ahead`` the one less the other, ``strangers`` the mean of random groups of as many units outside it at the same
    offsets (None where there are too few), and ``chance`` the share of those groups, the family counted with them,
    that are as alike. Intervals are bootstrapped over members; a single pair has none and gets the widest.
    ``word``: "borne out" if it is ahead of other offsets (``ahead.low`` above 0; its estimate for a single pair) and
    ``chance`` is at most 5 %; "against" if it is not ahead of other offsets or of strangers; else "open".
    """

    assigned: Interval
    elsewhere: float
    ahead: Interval
    strangers: float | None
    chance: float
    word: Word


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Ordered pairs of members by index; ``offsets`` are the right ones, ``shares`` (0 fills up) their weights."""

    first: Int[np.ndarray, "p"]
    second: Int[np.ndarray, "p"]
    offsets: Int[np.ndarray, "k p"]
    shares: Float[np.ndarray, "k p"]

    def likeness(
        self, values: Float[np.ndarray, "g o o"], units: Int[np.ndarray, "d m"]
    ) -> Float[np.ndarray, "d p"]:
        """The mean over a pair's right offsets, for groups of units in the members' stead."""
        one, other = units[:, self.first], units[:, self.second]
        each = zip(self.offsets, self.shares, strict=True)
        means: Float[np.ndarray, "d p"] = sum(share * values[offset, one, other] for offset, share in each)
        return means


def evidence(
    families: Families, values: Float[np.ndarray, "g o o"], *, seed: int = 0, draws: int = STRANGERS
) -> tuple[Evidence | None, ...]:
    """What kernel likenesses (``kernel_likeness`` of the same layer and group) say of every family, in order.

    None for a family of which fewer than two members have kernels: all their inputs are ones that nothing
    is known of.

    >>> from core.provenance import Provenance
    >>> from core.symmetry.groups import two
    >>> values = np.tile(np.eye(6, dtype=np.float32), (2, 1, 1))
    >>> values[1, 0, 1] = values[1, 1, 0] = 0.9
    >>> pair = Family((Member(0, 0), Member(1, 1)), 1.0, 1.0, (0,))
    >>> mirror = two("mirror", labels=("as is", "mirrored"))
    >>> found = Families("conv", mirror, 6, (pair,), (), (), (), 0.5, 0.05, "", Provenance())
    >>> said = evidence(found, values)[0]
    >>> said.word, round(said.assigned.estimate, 2), said.elsewhere, said.strangers
    ('borne out', 0.9, 0.0, 0.0)
    """
    alive = np.flatnonzero(np.abs(values).sum((0, 2)) > 0)
    rng = np.random.default_rng(seed)
    return tuple(_of_one(family, families.group, values, alive, rng, draws) for family in families.families)


def _of_one(
    family: Family,
    group: Group,
    values: Float[np.ndarray, "g o o"],
    alive: Int[np.ndarray, "k"],
    rng: np.random.Generator,
    draws: int,
) -> Evidence | None:
    members = [member for member in family.members if member.unit in alive]
    pairs = _pairs(members, group, family.stabiliser)
    if not len(pairs.first):
        return None
    units = np.array([member.unit for member in members])
    right = pairs.likeness(values, units[None])[0]
    all_of_them = values[:, units[pairs.first], units[pairs.second]].sum(0)
    count = (pairs.shares > 0).sum(0)
    wrong = (all_of_them - right * count) / (len(group) - count)
    others = np.setdiff1d(alive, units)
    null = _strangers(values, others, len(units), pairs, rng, draws)
    assigned = _interval(right, pairs.first, widest=1.0)
    ahead = _interval(right - wrong, pairs.first, widest=2.0)
    chance = (1 + int((null >= assigned.estimate).sum())) / (1 + len(null))
    strangers = float(null.mean()) if len(null) else None
    return Evidence(
        assigned, float(wrong.mean()), ahead, strangers, chance, _word(assigned, ahead, strangers, chance)
    )


def _pairs(members: list[Member], group: Group, stabiliser: tuple[int, ...]) -> _Pairs:
    """All ordered pairs whose offset is an element of the group (steps of scale may leave it)."""
    pairs, offsets, shares = [], [], []
    for one, other in permutations(range(len(members)), 2):
        right = right_offsets(group, members[one].place, members[other].place, stabiliser)
        if 0 < len(right) < len(group):
            spare = len(stabiliser) - len(right)
            pairs.append((one, other))
            offsets.append(right + [0] * spare)
            shares.append([1 / len(right)] * len(right) + [0.0] * spare)
    first, second = np.array(pairs, int).reshape(-1, 2).T
    width = (-1, len(stabiliser))
    return _Pairs(
        first, second, np.array(offsets, int).reshape(width).T, np.array(shares, float).reshape(width).T
    )


def _strangers(
    values: Float[np.ndarray, "g o o"],
    others: Int[np.ndarray, "k"],
    size: int,
    pairs: _Pairs,
    rng: np.random.Generator,
    draws: int,
) -> Float[np.ndarray, "d"]:
    """The mean likeness of random groups in the family's stead; none where there are too few units for one."""
    if len(others) < size:
        return np.zeros(0)
    drawn = others[rng.random((draws, len(others))).argsort(1)[:, :size]]
    means: Float[np.ndarray, "d"] = pairs.likeness(values, drawn).mean(1)
    return means


def _interval(values: Float[np.ndarray, "p"], groups: Int[np.ndarray, "p"], *, widest: float) -> Interval:
    if len(set(groups.tolist())) < 3:
        return Interval(float(values.mean()), -widest, widest, 1)
    return bootstrap_interval(values, groups=groups, seed=0, expanded=True)


def _word(assigned: Interval, ahead: Interval, strangers: float | None, chance: float) -> Word:
    if ahead.estimate <= 0 or (strangers is not None and assigned.estimate <= strangers):
        return "against"
    surely = ahead.low > 0 or ahead.n == 1
    return "borne out" if surely and chance <= CHANCE else "open"
