"""Scores of found families beside true ones: pairs, adjusted Rand index, places on the orbit, best matches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float, Int

from core.errors import BadInput
from core.symmetry.groups import Group


@dataclass(frozen=True)
class PairScores:
    """Of the pairs put in one family, the share that belong together; of those that do, the share found; both as one.

    NaN where there are no pairs to speak of: nothing claimed has no precision, nothing planted no recall.
    """

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class OrderError:
    """How far members lie from their true places, in steps, on average and at worst.

    ``element`` carried all of them along first, and ``backwards`` says whether the direction was turned around.
    """

    mean: float
    worst: float
    element: int
    backwards: bool


@dataclass(frozen=True)
class BestMatch:
    """The found family that a true one is most like: its label (-1 if none overlaps), and how well it fits."""

    label: int
    precision: float
    recall: float
    f1: float


def pair_scores(truth: Int[np.ndarray, "n"], found: Int[np.ndarray, "..."]) -> PairScores:
    """Precision, recall and F1 over all pairs of units; a label below 0 puts a unit in a family of its own.

    F1 is 2 tp / (pairs claimed + pairs true): 0 where only one of the two has pairs.

    Raises
    ------
    BadInput
        unless there is one label of each for every unit.

    >>> pair_scores(np.array([0, 0, 0, -1]), np.array([5, 5, -1, -1]))
    PairScores(precision=1.0, recall=0.3333333333333333, f1=0.5)
    """
    truth, found = _labels(truth, found)
    both = _pairs(np.unique(np.stack([truth, found]), axis=1, return_counts=True)[1])
    claimed, true = (_pairs(np.unique(each, return_counts=True)[1]) for each in (found, truth))
    return PairScores(_share(both, claimed), _share(both, true), _share(2 * both, claimed + true))


def adjusted_rand(truth: Int[np.ndarray, "n"], found: Int[np.ndarray, "..."]) -> float:
    """Agreement of two partitions beyond chance, 1 for the same; a label below 0 is a family of one [hubert1985].

    Raises
    ------
    BadInput
        unless there is one label of each for every unit.

    >>> adjusted_rand(np.array([0, 0, 1, 1, -1, -1]), np.array([7, 7, 3, 3, -2, -1]))
    1.0
    """
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(*_labels(truth, found)))


def order_error(
    group: Group,
    truth: Int[np.ndarray, "m"],
    found: Int[np.ndarray, "..."],
    *,
    stabiliser: Sequence[int] | None = None,
    either_way: bool = False,
) -> OrderError:
    """How far the members of one family lie from their true places, up to one element that carries them all.

    Places are elements of the group. Where a family starts is anybody's choice: a true place t and a found place f
    name the same member if t = f k for one element k. Places that differ by an element of ``stabiliser`` (of the
    family's origin) are the same. A step is one along any axis of the group; a mirroring is one step. ``either_way``
    also tries found places the other way round, each axis for itself, as where turning is known and its sense is not.

    Raises
    ------
    BadInput
        unless there is a place of each kind for every member, and an element.

    >>> from core.symmetry.groups import cyclic
    >>> order_error(cyclic("rotation", 8), np.array([0, 1, 5]), np.array([3, 4, 7]))
    OrderError(mean=0.3333333333333333, worst=1.0, element=5, backwards=False)
    """
    truth, found = np.asarray(truth), np.asarray(found)
    same = np.array([group.identity] if stabiliser is None else sorted(stabiliser))
    count = len(group)
    for given in (truth, found, same):
        if not len(given) or given.min() < 0 or given.max() >= count:
            raise BadInput(f"places under {group.name} are elements 0 to {count - 1}; got {given.tolist()}")
    if len(truth) != len(found):
        raise BadInput(f"{len(found)} places found for {len(truth)} true ones")
    steps = step_distances(group)
    alike = group.table[truth[:, None], same]  # m s
    errors = []
    for number, turned in enumerate(_ways(group, found) if either_way else [found]):
        moved = group.table[turned]  # m k
        off = steps[alike[:, :, None], moved[:, None]].min(1)
        # What takes a member beyond the last step of a line carries this family nowhere.
        off = np.where(moved < 0, np.inf, off)
        carrier = int(off.mean(0).argmin())
        mean, worst = float(off.mean(0)[carrier]), float(off.max(0)[carrier])
        errors.append(OrderError(mean, worst, carrier, number > 0))
    return min(errors, key=lambda error: error.mean)


def step_distances(group: Group) -> Int[np.ndarray, "g g"]:
    """Steps from each element to each other, added up over the group's axes; around a ring the shorter way.

    >>> from core.symmetry.groups import cyclic
    >>> step_distances(cyclic("hue", 5))[0].tolist()
    [0, 1, 2, 2, 1]
    """
    at = np.stack(np.unravel_index(np.arange(len(group)), group.shape))
    apart = np.abs(at[:, :, None] - at[:, None, :])
    around = np.array(group.shape)[:, None, None] - apart
    closed = np.array(group.wraps)[:, None, None]
    total: np.ndarray = np.where(closed, np.minimum(apart, around), apart).sum(0)
    return total


def circular_correlation(
    a: Float[np.ndarray, "m"], b: Float[np.ndarray, "..."], period: float = 360.0, *, either_way: bool = False
) -> float:
    """How far two angles of each unit, in degrees, go together around a circle: in [-1, 1], 1 for b = a + an offset.

    sum sin(a - m) sin(b - n) / sqrt(sum sin^2(a - m) sum sin^2(b - n)), the coefficient of Jammalamadaka and Sarma
    [jammalamadaka1988]. Their centres m and n, the mean directions, are anything at all for angles that go evenly
    round the circle, as families' do; taken instead are the m and n that [jammalamadaka2001] gives for that case,
    which serve every case: m - n is the mean direction of a - b, and m + n that of a + b. -1 is for b = -a + an
    offset; ``either_way`` counts it as 1. ``period`` is 180 for things that are the same half way round. NaN if
    angles do not vary.

    Raises
    ------
    BadInput
        for fewer than three units, or different numbers of angles.

    >>> round(circular_correlation(np.array([0.0, 90.0, 200.0, 300.0]), np.array([350.0, 80.0, 190.0, 290.0])), 6)
    1.0
    """
    if a.shape != b.shape or len(a) < 3 or not period > 0:
        raise BadInput(
            f"a circular correlation takes two angles for each of three units or more, and a period above 0; "
            f"got {len(a)} and {len(b)}, period {period}"
        )
    a, b = (np.asarray(each, float) * 2 * np.pi / period for each in (a, b))
    difference, total = np.angle(np.exp(1j * (a - b)).sum()), np.angle(np.exp(1j * (a + b)).sum())
    first, second = np.sin(a - (total + difference) / 2), np.sin(b - (total - difference) / 2)
    spread = float(np.sqrt((first**2).sum() * (second**2).sum()))
    if spread < 1e-12 * len(a):
        return float("nan")
    value = float((first * second).sum() / spread)
    return abs(value) if either_way else value


def best_match_f1(
    published: Mapping[str, Sequence[int]], found: Int[np.ndarray, "n"]
) -> dict[str, BestMatch]:
    """For each true family, by name, the found one with the highest F1 over units; ``found`` (n,) has every label.

    A unit of no family (a label below 0) is matched as little as one that is not there.

    Raises
    ------
    BadInput
        for a unit that has no label.

    >>> best_match_f1({"curves": [0, 1, 2, 3]}, np.array([7, 7, 7, -1, 7, 2]))["curves"]
    BestMatch(label=7, precision=0.75, recall=0.75, f1=0.75)
    """
    found = np.asarray(found)
    return {name: _best(name, np.unique(np.asarray(units, int)), found) for name, units in published.items()}


def _best(name: str, units: Int[np.ndarray, "m"], found: Int[np.ndarray, "n"]) -> BestMatch:
    if not len(units) or units.min() < 0 or units.max() >= len(found):
        raise BadInput(f"family {name!r} names units {units.tolist()}; there are units 0 to {len(found) - 1}")
    best = BestMatch(-1, 0.0, 0.0, 0.0)
    for label in np.unique(found[units]):
        size, both = int((found == label).sum()), int((found[units] == label).sum())
        f1 = 2 * both / (size + len(units))
        if label >= 0 and f1 > best.f1:
            best = BestMatch(int(label), both / size, both / len(units), f1)
    return best


def _labels(truth: Int[np.ndarray, "n"], found: Int[np.ndarray, "..."]) -> tuple[np.ndarray, np.ndarray]:
    """Both, with every label below 0 replaced by one of its own."""
    truth, found = np.asarray(truth), np.asarray(found)
    if truth.shape != found.shape or truth.ndim != 1 or not len(truth):
        raise BadInput(
            f"partitions need one label for every unit; got {truth.shape} true and {found.shape} found"
        )
    own = -1 - np.arange(len(truth))
    return np.where(truth < 0, own, truth), np.where(found < 0, own, found)


def _pairs(sizes: Int[np.ndarray, "f"]) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _ways(group: Group, places: Int[np.ndarray, "m"]) -> list[Int[np.ndarray, "m"]]:
    """The places, and with each choice of axes gone through the other way: of a ring, or of a line from its end."""
    ways = []
    at = np.unravel_index(places, group.shape)
    for turned in product((False, True), repeat=len(group.shape)):
        if any(turn and count == 2 for turn, count in zip(turned, group.shape, strict=True)):
            continue  # of two there is no other way
        moved = [
            (-one % count if wraps else count - 1 - one) if turn else one
            for turn, one, count, wraps in zip(turned, at, group.shape, group.wraps, strict=True)
        ]
        ways.append(np.ravel_multi_index(moved, group.shape))
    return ways
