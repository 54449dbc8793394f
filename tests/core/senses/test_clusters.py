"""clusters(): heaps that lie apart are found, and what is one heap - long, skewed, sparse - stays one (about 8 s)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.senses.clusters import clusters, silhouettes
from core.senses.modes import heaps_p_value, valley

POINTS, WIDTH = 200, 30


def cloud(kind: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(POINTS, WIDTH))
    if kind == "long":
        return noise * np.geomspace(5, 0.2, WIDTH)
    if kind == "flat":
        noise[:, 0] = rng.uniform(-6, 6, POINTS)
        return 0.3 * noise
    if kind == "skewed":
        return rng.exponential(size=noise.shape) * np.geomspace(3, 0.3, WIDTH)
    return rng.exponential(size=noise.shape) * (rng.random(noise.shape) < 0.2)


@pytest.mark.parametrize("kind", ["long", "flat", "skewed", "sparse"])
def test_one_heap_stays_whole_whatever_its_shape(kind: str) -> None:
    counts = [clusters(cloud(kind, seed), seed=seed).count for seed in range(1000, 1005)]
    assert counts == [1] * len(counts)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_heaps_apart_are_found_with_their_members(count: int) -> None:
    from sklearn.metrics import adjusted_rand_score

    for seed in range(2000, 2002):
        rng = np.random.default_rng(seed)
        truth = rng.integers(count, size=POINTS)
        centres = 1.5 * rng.normal(size=(count, WIDTH))
        found = clusters(rng.normal(size=(POINTS, WIDTH)) + centres[truth], seed=seed)
        assert found.count == count
        assert adjusted_rand_score(truth, found.labels) >= 0.95
        assert found.separation.mean() > found.control + 0.1
        assert found.p_value <= 0.03


def test_clusters_are_numbered_by_size_and_depend_on_the_seed_alone() -> None:
    rng = np.random.default_rng(5)
    points = rng.normal(size=(POINTS, 6)) + 9 * (rng.random(POINTS) < 0.3)[:, None]
    one, two = clusters(points, seed=1), clusters(points, seed=1)
    assert (one.labels == two.labels).all()
    assert (np.diff(np.bincount(one.labels)) <= 0).all()


def test_few_points_and_equal_points_are_one_cluster() -> None:
    assert clusters(np.eye(8), seed=0).count == 1
    assert clusters(np.ones((100, 5)), seed=0).count == 1
    assert clusters(np.zeros((100, 5)), seed=0).separation.tolist() == [0.0] * 100


def test_points_that_are_not_finite_are_refused() -> None:
    with pytest.raises(BadInput, match="finite"):
        clusters(np.array([[1.0, np.nan]]), seed=0)
    with pytest.raises(BadInput, match="finite"):
        clusters(np.zeros((0, 3)), seed=0)


def test_the_global_random_state_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the state that others may rely on
    clusters(cloud("long", 3), seed=0)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_forced_parting_of_a_cloud_is_no_better_than_its_control() -> None:
    points = np.random.default_rng(7).normal(size=(POINTS, 5))
    separation, control = silhouettes(points, np.zeros(POINTS, int), seed=0)
    assert abs(separation.mean() - control) < 0.08


@given(st.integers(0, 10_000), st.floats(-100, 100), st.floats(0.01, 100))
@settings(max_examples=15, deadline=None)
def test_p_values_do_not_depend_on_place_and_scale(seed: int, place: float, scale: float) -> None:
    values = np.random.default_rng(seed).normal(size=60)
    plain = heaps_p_value(values, smallest=0.1, seed=0, draws=60)
    moved = heaps_p_value(values * scale + place, smallest=0.1, seed=0, draws=60)
    assert abs(plain - moved) <= 0.05


def test_silvermans_test_holds_its_level_on_normal_samples() -> None:
    rng = np.random.default_rng(11)
    p_values = [heaps_p_value(rng.normal(size=100), smallest=0.05, seed=k) for k in range(40)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.05


def test_outliers_are_no_heap() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(size=97), [40.0, 41.0, 42.0]])
    assert heaps_p_value(values, smallest=0.1, seed=0) > 0.05
    assert valley(np.zeros(9), 1e-12, smallest=0.1) is None
