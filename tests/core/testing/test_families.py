"""Planted families are what they say: members exact copies under the group, strangers strange, noise as told (8 s)."""

import numpy as np
import pytest
import torch

from core.activations import capture
from core.errors import BadInput, UnknownName
from core.testing.families import KINDS, PlantedFamilies, act_of, planted_families, planted_views
from core.testing.families.distinct import distinct
from core.testing.families.materials import of_waves

CASES = [(kind, 1) for kind in KINDS] + [(kind, 2) for kind in ("rotation", "dihedral", "hue", "contrast")]


def middles(planted: PlantedFamilies, *, count: int = 40, seed: int = 70) -> np.ndarray:
    """Answers (g, n, u) at the middle of the map, which no element of the group moves, to images under each."""
    view = next(planted_views(planted, count=count, seed=seed).batches(count))
    field = planted.subject.spec.shape[1] - 18  # what the middle sees
    answers = []
    for element in range(len(planted.group)):
        maps = capture(planted.subject, view(element)[:, :, 9 : 9 + field, 9 : 9 + field], [planted.layer])
        at = maps[planted.layer].shape[2] // 2
        answers.append(maps[planted.layer][:, :, at, at].numpy())
    return np.stack(answers)


def correlations(answers: np.ndarray, neutral: int) -> np.ndarray:
    """(g, a, b): a's answers to images as they are with b's to images under g."""
    centred = answers - answers.mean(1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(norms > 0, norms, 1)
    return np.einsum("na,gnb->gab", unit[neutral], unit)


def at_offset(planted: PlantedFamilies, values: np.ndarray) -> list[float]:
    """The correlation of every two members of a family, at the element that carries one to the other."""
    family, place, offsets = planted.family, planted.place, planted.group.offsets
    pairs = [(a, b) for a in range(len(family)) for b in range(len(family)) if a != b]
    same = [(a, b) for a, b in pairs if family[a] >= 0 and family[a] == family[b]]
    steps = [(offsets[place[a], place[b]], a, b) for a, b in same]
    return [float(values[step]) for step in steps if step[0] >= 0]


@pytest.mark.parametrize(("kind", "depth"), CASES)
def test_members_are_exact_copies_and_nothing_else_is_nearly_one(kind: str, depth: int) -> None:
    planted = planted_families(kind, seed=3, depth=depth, noise=0.0, families=3, alone=6)
    answers, group = middles(planted), planted.group
    values = correlations(answers, group.identity)
    assert min(at_offset(planted, values)) > 0.97
    family, units = planted.family, np.arange(len(planted.family))
    kin = (family[:, None] == family) & (family >= 0)
    kin |= (planted.twin == units[:, None]) | (planted.twin[:, None] == units) | (family == -4)
    assert (values.max(0)[~kin & ~np.eye(len(units), dtype=bool)] < 0.88).all()
    selves = values[:, units, units]
    assert (selves[:, family == -2] > 0.95).all()
    assert (selves[:, family >= -1].min(0) < (0.95 if kind == "scale" else 0.8)).all()
    assert (answers[:, :, family == -4] == 0).all()
    copies = np.flatnonzero(planted.twin >= 0)
    assert len(copies) == 3
    assert (family[copies] == family[planted.twin[copies]]).all()
    assert (planted.place[copies] == planted.place[planted.twin[copies]]).all()
    assert (values[group.identity, copies, planted.twin[copies]] > 0.999).all()


@pytest.mark.parametrize("kind", ["hue"])
def test_the_layer_below_holds_whole_families(kind: str) -> None:
    below = planted_families(kind, seed=4, depth=2, noise=0.0, families=1, alone=0, invariant=0).below
    assert below is not None
    assert below.layer == "relu1"
    sizes = np.unique(below.family, return_counts=True)[1]
    assert (sizes == len(below.group)).all()
    assert min(at_offset(below, correlations(middles(below), below.group.identity))) > 0.93


@pytest.mark.parametrize(("kind", "elements"), [("rotation", 4), ("dihedral", 8), ("hue x rotation", 16)])
def test_symmetric_families_have_a_stabiliser_and_half_the_members(kind: str, elements: int) -> None:
    planted = planted_families(
        kind, seed=5, noise=0.0, families=2, symmetric=1, holes=0.0, alone=2, duplicates=0
    )
    (neutral, half), alone = planted.stabilisers
    assert (neutral,) == alone == (planted.group.identity,)
    assert planted.group.table[half, half] == neutral
    assert (planted.family == 0).sum() == elements == (planted.family == 1).sum() // 2
    values = correlations(middles(planted), neutral)
    assert min(at_offset(planted, values)) > 0.97
    for unit in np.flatnonzero(planted.family >= 0):
        place = planted.place[unit]
        around = planted.group.offsets[
            place, planted.group.table[place, half]
        ]  # half, as this member sees it
        assert (values[around, unit, unit] > 0.97) == (planted.family[unit] == 0)


@pytest.mark.parametrize("depth", [1, 2])
def test_noise_is_that_share_of_every_filters_norm(depth: int) -> None:
    clean, noisy = (
        planted_families("hue", seed=6, depth=depth, noise=noise, alone=3) for noise in (0.0, 0.15)
    )
    assert (clean.family == noisy.family).all()
    assert (clean.place == noisy.place).all()
    for layer in range(depth):
        weights, other = (each.subject.module[2 * layer].weight.flatten(1) for each in (clean, noisy))
        norms = weights.norm(dim=1)
        assert torch.allclose(
            (other - weights).norm(dim=1)[norms > 0] / norms[norms > 0], torch.tensor(0.15), atol=1e-4
        )


def test_a_seed_is_one_network_and_another_is_another() -> None:
    one, again, other = (planted_families("reflection", seed=seed, families=4, alone=2) for seed in (7, 7, 8))
    assert one.subject.fingerprint == again.subject.fingerprint != other.subject.fingerprint
    assert (one.family == again.family).all()
    assert list(one.family) != sorted(one.family, reverse=True)


def test_holes_leave_two_members_and_no_unbridged_gap() -> None:
    for seed in range(5):
        planted = planted_families("scale", seed=seed, holes=0.6, families=3, alone=0, duplicates=0)
        for family in range(3):
            places = np.sort(planted.place[planted.family == family])
            assert len(places) >= 2
            assert np.diff(places).max() <= 2


def test_what_has_no_invariant_units_gets_none() -> None:
    found = [
        int(
            (planted_families(kind, seed=9, depth=depth, families=3, alone=1, invariant=2).family == -2).sum()
        )
        for kind, depth in [("contrast", 1), ("contrast", 2), ("scale", 1)]
    ]
    assert found == [0, 2, 0]


def test_views_are_images_transformed() -> None:
    for kind, element, changed in [
        ("rotation", 2, lambda images: torch.rot90(images, 1, (2, 3))),
        ("dihedral", 8, lambda images: images.flip(3)),
        ("contrast", 1, lambda images: 1 - images),
        ("hue", 3, lambda images: images.roll(1, dims=1)),  # red becomes green
    ]:
        steps = 9 if kind == "hue" else None
        planted = planted_families(kind, seed=1, steps=steps, families=2, alone=0, invariant=0)
        views = planted_views(planted, count=5, seed=2)
        images = next(views.batches(5))
        plain = images(planted.group.identity)
        assert 0 <= plain.min() < plain.max() <= 1
        assert plain.shape[1:] == planted.subject.spec.shape
        assert torch.allclose(images(element), changed(plain), atol=1e-5)
        parts = [view(element) for view in views.batches(2)]
        assert torch.allclose(torch.cat(parts), images(element), atol=1e-6)
        assert views.fingerprint == planted_views(planted, count=5, seed=2).fingerprint
        assert views.fingerprint != planted_views(planted, count=5, seed=3).fingerprint


def test_bad_input_is_one_sentence() -> None:
    with pytest.raises(UnknownName, match="nearest valid one is 'rotation'"):
        planted_families("rotatoin", seed=0)
    for options in ({"depth": 3}, {"noise": -0.1}, {"holes": 0.9}):
        with pytest.raises(BadInput):
            planted_families("reflection", seed=0, **options)
    with pytest.raises(BadInput, match="symmetric"):
        planted_families("hue", seed=0, symmetric=1)
    with pytest.raises(BadInput, match="2 elements"):
        planted_families("contrast", seed=0, steps=3)
    with pytest.raises(BadInput, match="at least one image"):
        planted_views(planted_families("contrast", seed=0, families=2, alone=0), count=0, seed=0)


def test_where_there_is_no_room_it_says_so() -> None:
    act = act_of("hue", 3)
    rng = np.random.default_rng(0)
    material = of_waves(act, rng)
    same = material.draw(rng)
    with pytest.raises(BadInput, match="found 1 of 2 units that nobody could confuse under hue"):
        distinct(2, lambda: same, material, rng, beside=[], fits=lambda own: True)
