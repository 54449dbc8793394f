"""The search: planted families found with their places, nothing found where there is nothing, and honest nulls."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.activations import capture
from core.errors import BadInput
from core.provenance import Provenance
from core.symmetry import cyclic, dihedral, find, likenesses, sheets, shuffled
from core.symmetry.joining import joined
from core.symmetry.likeness import Likeness
from core.symmetry.scores import adjusted_rand, order_error, pair_scores
from core.symmetry.synchronise import synchronised, total
from core.testing import planted_families, planted_views


def likeness_under(planted, *, count=200, subject=None):
    """Of the searched layer of a planted network."""
    subject = subject or planted.subject
    views = sheets(planted_views(planted, count=count, seed=1), subject, planted.layer)
    return likenesses(subject, [planted.layer], views, batch_size=64)[planted.layer]


@pytest.fixture(scope="module")
def planted():
    return planted_families("rotation", seed=8_001, noise=0.1)


@pytest.fixture(scope="module")
def likeness(planted):
    return likeness_under(planted)


def test_planted_families_are_found(planted, likeness):
    """Members, places, invariant units, duplicates and the dead one, on a seed of its own."""
    found = find(likeness)
    assert pair_scores(planted.family, np.where(found.labels == -3, -1, found.labels)).f1 >= 0.95
    assert adjusted_rand(planted.family, found.labels) >= 0.95
    for index in range(planted.family.max() + 1):
        units = np.flatnonzero((planted.family == index) & (found.labels >= 0))
        error = order_error(planted.group, planted.place[units], found.places[units])
        assert error.worst <= 1, (index, error)
    assert set(found.invariant) == set(np.flatnonzero(planted.family == -2))
    assert found.dead == tuple(np.flatnonzero(planted.family == -4))
    twins = {frozenset((int(unit), int(twin))) for unit, twin in enumerate(planted.twin) if twin >= 0}
    assert all(any(pair <= set(bunch) for bunch in found.duplicates) for pair in twins)


def test_nothing_in_a_network_with_shuffled_weights(planted):
    """Beside another shuffling as its null, at most one unit in twenty is claimed."""
    one = likeness_under(planted, subject=shuffled(planted.subject, seed=1))
    null = likeness_under(planted, subject=shuffled(planted.subject, seed=2))
    assert (find(one, null=null).labels >= 0).mean() <= 0.05


def test_values_are_symmetric_and_halves_make_the_whole(likeness):
    """S_g(a, b) is S of the inverse from b to a; both halves agree with the whole up to sampling."""
    assert np.allclose(likeness.values, likeness.values[likeness.group.inverse].transpose(0, 2, 1), atol=1e-6)
    living = np.flatnonzero(likeness.alive)
    for half in likeness.halves:
        assert np.abs(half - likeness.values)[:, living][:, :, living].mean() < 0.05


def test_likeness_is_a_correlation(planted):
    """As numpy has it, from answers collected the plain way."""
    views = sheets(planted_views(planted, count=24, seed=3), planted.subject, planted.layer)
    found = likenesses(planted.subject, [planted.layer], views, batch_size=5)[planted.layer]
    plain, turned = middle_answers(planted, views, 0), middle_answers(planted, views, 3)
    a, b = (int(unit) for unit in np.flatnonzero(planted.family >= 0)[:2])
    there = np.corrcoef(plain[:, a], turned[:, b])[0, 1]
    back = np.corrcoef(plain[:, b], middle_answers(planted, views, 5)[:, a])[0, 1]
    assert found.values[3, a, b] == pytest.approx((there + back) / 2, abs=1e-4)


def middle_answers(planted, views, element):
    """Under an element, at the middle of the map, input by input."""
    (view,) = views.batches(len(views))
    maps = capture(planted.subject, view(element), [planted.layer])[planted.layer]
    return maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2].numpy()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from([cyclic("rotation", 12), dihedral(5)]))
def test_places_come_out_of_noisy_offsets(seed, group):
    """Three of 21 offsets wrong, holes on the orbit: places that agree with no less than the true ones do."""
    rng = np.random.default_rng(seed)
    places = rng.permutation(len(group))[:7]
    true = group.offsets[places[:, None], places]
    wrong = np.zeros((7, 7), dtype=bool)
    rows, columns = np.triu_indices(7, 1)
    chosen = rng.choice(len(rows), 3, replace=False)
    wrong[rows[chosen], columns[chosen]] = True
    said = np.where(wrong, rng.integers(len(group), size=(7, 7)), true)
    said = np.where(np.tril(np.ones((7, 7), bool)), group.inverse[said.T], said)
    values = rng.uniform(0, 0.3, (len(group), 7, 7))
    np.put_along_axis(values, said[None], 0.9, 0)
    found = synchronised(values, group, np.zeros(7, dtype=int))
    assert total(values, group, found) >= total(values, group, places) - 1e-9


def test_bunches_agree_in_one_frame():
    """Two units each like a third, but at offsets that do not fit together, are not all joined."""
    group = cyclic("rotation", 6)
    values = np.zeros((6, 3, 3))
    for a, b, offset in ((0, 1, 1), (1, 2, 1), (0, 2, 4)):
        values[offset, a, b] = values[group.inverse[offset], b, a] = 0.9
    assert max(len(frame) for frame in joined(values, group, least=0.5)[0]) == 2


def test_more_of_the_same_noise_makes_no_family():
    """Units that answer independently have no pair above a half."""
    rng = np.random.default_rng(0)
    group = cyclic("rotation", 8)
    noise = rng.normal(0, 0.1, (8, 40, 40))
    values = (noise + noise[group.inverse].transpose(0, 2, 1)) / 2
    values[0][np.arange(40), np.arange(40)] = 1
    made = Likeness(
        "layer",
        group,
        values,
        (values, values),
        noise[:4],
        np.ones(40),
        np.ones(40, bool),
        99,
        1,
        Provenance(),
    )
    assert not find(made).families


def test_a_null_of_another_group_is_refused(likeness):
    with pytest.raises(BadInput, match="hue"):
        find(likeness, null=replace(likeness, group=cyclic("hue", 12)))
    with pytest.raises(BadInput, match="between 0 and 1; got 2"):
        find(likeness, level=2.0)


def test_too_few_inputs_are_refused(planted):
    views = sheets(planted_views(planted, count=8, seed=1), planted.subject, planted.layer)
    with pytest.raises(BadInput, match="at least 16 inputs; given 8"):
        likenesses(planted.subject, [planted.layer], views)


def test_nothing_is_left_on_the_subject(planted):
    """Neither hooks nor gradients nor another mode, also when it is broken off."""
    before = {name: value.clone() for name, value in planted.subject.module.state_dict().items()}

    def stop(done, total, label):
        raise KeyboardInterrupt

    views = sheets(planted_views(planted, count=40, seed=1), planted.subject, planted.layer)
    with pytest.raises(KeyboardInterrupt):
        likenesses(planted.subject, [planted.layer], views, progress=stop)
    shuffled(planted.subject, seed=3)
    assert not any(module._forward_hooks for module in planted.subject.module.modules())
    assert not planted.subject.module.training
    assert all(
        torch.equal(before[name], value) for name, value in planted.subject.module.state_dict().items()
    )
