"""Are families borne out by the weights? Their kernels' likeness where it should be, beside where it should not be."""

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float, Int

from core.symmetry.groups import Group
from core.symmetry.kernels import right_offsets
from core.uncertainty import Interval, bootstrap_interval

if TYPE_CHECKING:
    from core.symmetry.families import Families, Family, Member

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
    """Ordered pairs of members by their index, with weights over the elements: right ones and all others, each 1."""

    first: Int[np.ndarray, "p"]
    second: Int[np.ndarray, "p"]
    right: Float[np.ndarray, "g p"]
    wrong: Float[np.ndarray, "g p"]


def evidence(
    families: "Families", values: Float[np.ndarray, "g o o"], *, seed: int = 0, draws: int = STRANGERS
) -> tuple[Evidence | None, ...]:
    """What kernel likenesses (``kernel_likeness`` of the same layer and group) say of every family, in order.

    None for a family of which fewer than two members have kernels: all their inputs are ones that nothing
    is known of.
    """
    alive = np.flatnonzero(np.abs(values).sum((0, 2)) > 0)
    rng = np.random.default_rng(seed)
    return tuple(_of_one(family, families.group, values, alive, rng, draws) for family in families.families)


def _of_one(
    family: "Family",
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
    own = values[:, units[pairs.first], units[pairs.second]]
    right, wrong = (own * pairs.right).sum(0), (own * pairs.wrong).sum(0)
    others = np.setdiff1d(alive, units)
    null = _strangers(values, others, len(units), pairs, rng, draws)
    assigned = _interval(right, pairs.first, widest=1.0)
    ahead = _interval(right - wrong, pairs.first, widest=2.0)
    chance = (1 + int((null >= assigned.estimate).sum())) / (1 + len(null))
    strangers = float(null.mean()) if len(null) else None
    return Evidence(
        assigned, float(wrong.mean()), ahead, strangers, chance, _word(assigned, ahead, strangers, chance)
    )


def _pairs(members: "list[Member]", group: Group, stabiliser: tuple[int, ...]) -> _Pairs:
    """All ordered pairs whose offset is an element of the group (steps of scale may leave it)."""
    first, second, right = [], [], []
    for one, other in permutations(range(len(members)), 2):
        offsets = right_offsets(group, members[one].place, members[other].place, stabiliser)
        if offsets and len(offsets) < len(group):
            first.append(one)
            second.append(other)
            right.append(np.isin(np.arange(len(group)), offsets))
    held = np.array(right, float).reshape(-1, len(group)).T
    left = 1 - held
    return _Pairs(
        np.array(first, int), np.array(second, int), held / held.sum(0).clip(1), left / left.sum(0).clip(1)
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
    means = []
    for _ in range(draws):
        units = rng.choice(others, size, replace=False)
        means.append((values[:, units[pairs.first], units[pairs.second]] * pairs.right).sum(0).mean())
    return np.array(means)


def _interval(values: Float[np.ndarray, "p"], groups: Int[np.ndarray, "p"], *, widest: float) -> Interval:
    if len(set(groups.tolist())) < 3:
        return Interval(float(values.mean()), -widest, widest, 1)
    return bootstrap_interval(values, groups=groups, seed=0, expanded=True)


def _word(assigned: Interval, ahead: Interval, strangers: float | None, chance: float) -> Word:
    if ahead.estimate <= 0 or (strangers is not None and assigned.estimate <= strangers):
        return "against"
    surely = ahead.low > 0 or ahead.n == 1
    return "borne out" if surely and chance <= CHANCE else "open"
