"""clusters(): points parted only where they lie in heaps apart, shown on points that the parting was not chosen on."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from core.errors import BadInput
from core.senses.modes import critical_width, heaps_p_value, valley

FEWEST = 24
"""Points below which no cluster is parted: half of them choose the line, the other half judge it."""

DIMENSIONS = 12
"""Principal components in which clusters are looked for."""

ALIKE = 1e-3
"""Standard deviation, as a share of that of all points, below which points are the same."""

GUESSES = (2, 3, 4, 6)
"""Numbers of k-means clusters whose centres propose the lines along which points may be parted."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """The cluster of every point, the largest first, and how far they are apart.

    ``separation`` is each point's silhouette, in [-1, 1], among the clusters found - or, where there is one, among
    two that k-means forces on it; ``control`` is the mean silhouette of as many clusters forced on points without
    any, drawn from the Gaussian with the same mean and covariance. ``p_value`` is that of the least sure parting; where
    there is one cluster, of the surest one refused.
    """

    labels: Int[np.ndarray, "n"] = field(repr=False)
    count: int
    separation: Float[np.ndarray, "n"] = field(repr=False)
    control: float
    p_value: float


def clusters(
    points: Float[np.ndarray, "n d"], *, seed: int, level: float = 0.03, smallest: float = 0.05
) -> Clusters:
    """As many clusters as the points themselves show: one, unless they lie in heaps apart.

    A cluster is parted in two where, along a line chosen on half of its points, the other half is in two heaps - and
    again with the halves changed over - by Silverman's test at ``level`` [silverman1981]: the control is the nearest
    density with one heap. Long, curved or skewed clusters so stay whole, as they would not by a gap statistic or by
    the best silhouette. Clusters with less than the share ``smallest`` of all points are not looked for.

    Raises
    ------
    BadInput
        if there are no points, or one is not finite.

    >>> rng = np.random.default_rng(0)
    >>> cloud = rng.normal(size=(120, 5))
    >>> clusters(cloud, seed=0).count, clusters(cloud + 8 * (np.arange(120) < 50)[:, None], seed=0).count
    (1, 2)
    """
    points = np.asarray(points, float)
    if not len(points) or not np.isfinite(points).all():
        raise BadInput(f"clusters are looked for among points of shape {points.shape}; each must be finite")
    flat = _components(points)
    fewest = max(FEWEST / 2, smallest * len(points))
    groups, p_values, refused = [np.arange(len(points))], [0.0], [1.0]
    done: list[np.ndarray] = []
    while groups:
        members = groups.pop()
        parted = _parted(flat[members], fewest, level, seed)
        if parted is None or parted[1] > level:
            refused.append(1.0 if parted is None else parted[1])
            done.append(members)
            continue
        p_values.append(parted[1])
        groups += [members[parted[0]], members[~parted[0]]]
    labels = _by_size(_settled(flat, done))
    count = len(done)
    separation, control = silhouettes(flat, labels, seed=seed)
    return Clusters(labels, count, separation, control, max(p_values) if count > 1 else min(refused))


def silhouettes(
    points: Float[np.ndarray, "n d"], labels: Int[np.ndarray, "n"], *, seed: int
) -> tuple[Float[np.ndarray, "n"], float]:
    """Every point's silhouette [rousseeuw1987], and the mean one of as many clusters forced on one Gaussian cloud."""
    from sklearn.metrics import silhouette_samples

    count = max(2, int(labels.max()) + 1)
    if len(points) <= count or np.ptp(points, axis=0).max() == 0:
        return np.zeros(len(points)), 0.0
    parted = labels if labels.max() else _means(points, 2, seed)
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(
        points.mean(0), np.cov(points.T).reshape(points.shape[1], -1), len(points)
    )
    control = float(np.mean(silhouette_samples(drawn, _means(drawn, count, seed))))
    return silhouette_samples(points, parted), control


def _parted(
    points: Float[np.ndarray, "n d"], fewest: float, level: float, seed: int
) -> tuple[np.ndarray, float] | None:
    """Which points lie on the near side of the surest parting, and its p-value; None if there are too few points."""
    share = fewest / len(points)
    if len(points) < 2 * FEWEST or share > 0.5 or points.std(0).max() < ALIKE:
        return None
    order = np.random.default_rng(seed).permutation(len(points))
    halves = points[order[::2]], points[order[1::2]]
    p_values = [1.0]
    for chosen, judged in (halves, halves[::-1]):
        line = _line(chosen, share, seed)
        p_values.append(heaps_p_value(judged @ line, smallest=share, seed=seed))
        if p_values[-1] > level:
            return np.zeros(len(points), bool), p_values[-1]
    along = points @ _line(points, share, seed)
    place = valley(along, critical_width(along, smallest=share), smallest=share)
    return None if place is None else (along < place, max(p_values[1:]))


def _line(points: Float[np.ndarray, "n d"], smallest: float, seed: int) -> Float[np.ndarray, "d"]:
    """The direction, of those from one group's centre to another's, along which the points are parted most widely."""

    def parted(line: np.ndarray) -> float:
        along = points @ line
        return critical_width(along, smallest=smallest) / (float(along.std()) or 1.0)

    return max(_proposed(points, seed), key=parted, default=np.zeros(points.shape[1]))


def _proposed(points: Float[np.ndarray, "n d"], seed: int) -> Iterator[Float[np.ndarray, "d"]]:
    for count in GUESSES:
        labels = _means(points, min(count, len(np.unique(points.round(9), axis=0))), seed)
        for one in range(labels.max() + 1 if labels.any() else 0):
            away = points[labels == one].mean(0) - points[labels != one].mean(0)
            yield away / (np.linalg.norm(away) or 1.0)


def _means(points: Float[np.ndarray, "n d"], count: int, seed: int) -> Int[np.ndarray, "n"]:
    from sklearn.cluster import KMeans

    labels: np.ndarray = KMeans(count, n_init=2, random_state=seed).fit(points).labels_
    return labels.astype(np.int64)


def _settled(points: Float[np.ndarray, "n d"], groups: list[np.ndarray]) -> Int[np.ndarray, "n"]:
    """Every point in the group whose centre is nearest: a line's edge is finer in all dimensions than in one."""
    centres = np.stack([points[members].mean(0) for members in groups])
    labels: np.ndarray = np.square(points[:, None] - centres[None]).sum(2).argmin(1)
    return labels


def _by_size(labels: Int[np.ndarray, "n"]) -> Int[np.ndarray, "n"]:
    counts = np.bincount(labels)
    rank = np.empty_like(counts)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    renamed: np.ndarray = rank[labels]
    return renamed


def _components(points: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
    """The leading principal components, the first with a standard deviation of 1."""
    left, sizes, _ = np.linalg.svd(points - points.mean(0), full_matrices=False)
    kept: np.ndarray = (left * sizes)[:, :DIMENSIONS] * np.sqrt(len(points)) / (sizes[0] or 1.0)
    return kept
