"""Patching one by one is patching by hand; the planted place is found; gradients agree where they must."""

import pytest
import torch
import torchvision

from core.activations import capture
from core.errors import BadInput, UnknownName
from core.interventions.agreement import agreement, best, switches
from core.interventions.attribution_patching import attribution_patching
from core.interventions.compensation import compensation
from core.interventions.edits import patch
from core.interventions.intervened import intervened
from core.interventions.patching import patch_effects
from core.subject import InputSpec, Subject, wrap
from core.targets import Output, Unit, score
from core.testing import pathway_pairs, planted_backup, planted_classifier, planted_pathway

TARGET = Output("class", 1)
SEEDS = (0, 1, 2)


def tokens() -> Subject:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vit = torchvision.models.VisionTransformer(16, 4, 2, 2, 16, 24, num_classes=3)
        torch.nn.init.normal_(vit.heads.head.weight)
    spec = InputSpec((3, 16, 16), mean=(0.5,) * 3, std=(0.5,) * 3)
    return wrap(vit, name="vit", spec=spec, heads={"class": ("a", "b", "c")})


def pairs(subject: Subject, n: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    both = torch.rand(2, n, *subject.spec.shape, generator=torch.Generator().manual_seed(1))
    return both[0], both[1]


@pytest.mark.parametrize("into", ["corrupted", "clean"])
def test_effects_are_those_of_patches_by_hand(into: str) -> None:
    subject = planted_classifier(seed=0, size=6)
    clean, corrupted = pairs(subject)
    base, source = (corrupted, clean) if into == "corrupted" else (clean, corrupted)
    there = capture(subject, source, ["relu"])["relu"]
    scores = {name: score(subject, inputs, TARGET) for name, inputs in (("base", base), ("source", source))}
    for by, sites in (
        ("unit", [{"units": [u]} for u in range(4)]),
        ("position", [{"positions": [(y, x)]} for y in range(6) for x in range(6)]),
        ("unit and position", [{"units": [u], "positions": [(y, 2)]} for u in range(4) for y in range(6)]),
        ("layer", [{}]),
    ):
        found = patch_effects(subject, clean, corrupted, TARGET, "relu", by=by, into=into, batch_size=5)
        shapes = {"unit": (4,), "position": (6, 6), "unit and position": (4, 6, 6), "layer": ()}
        assert found.effects.shape == (2, *shapes[by])
        patched, effects = found.patched, found.effects
        if by == "unit and position":
            patched, effects = patched[..., 2], effects[..., 2]
        for index, site in enumerate(sites):
            with intervened(subject, patch("relu", there, **site)) as edited:
                wanted = score(edited, base, TARGET)
            assert torch.allclose(patched.reshape(2, -1)[:, index], wanted, atol=1e-5)
            share = (wanted - scores["base"]) / (scores["source"] - scores["base"])
            assert torch.allclose(effects.reshape(2, -1)[:, index], share, atol=1e-4)


def test_tokens_are_a_grid_and_those_in_front() -> None:
    subject = tokens()
    clean, corrupted = pairs(subject)
    layer = "encoder.layers.encoder_layer_0"
    found = patch_effects(subject, clean, corrupted, TARGET, layer, by="position")
    assert found.effects.shape == (2, 4, 4)
    assert found.extra is not None
    assert found.extra.shape == (2, 1)
    there = capture(subject, clean, [layer])[layer]
    with intervened(subject, patch(layer, there, positions=[(1, 2)])) as edited:
        assert torch.allclose(found.patched[:, 1, 2], score(edited, corrupted, TARGET), atol=1e-5)
    by_unit = patch_effects(subject, clean, corrupted, TARGET, layer)
    with intervened(subject, patch(layer, there, units=[3])) as edited:  # the class token's with them
        assert torch.allclose(by_unit.patched[:, 3], score(edited, corrupted, TARGET), atol=1e-5)
    both = patch_effects(subject, clean, corrupted, TARGET, layer, by="unit and position")
    assert both.effects.shape == (2, 16, 4, 4)
    assert attribution_patching(subject, clean, corrupted, TARGET, layer, by="position").extra is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_the_planted_unit_and_place_carry_it_all(seed: int) -> None:
    planted = planted_pathway(seed=seed)
    question = (planted.subject, *pathway_pairs(planted, 4, seed=seed), planted.target, "relu")
    for by, truth in (
        ("unit", (planted.unit.channel, None)),
        ("position", (None, (planted.unit.y, planted.unit.x))),
        ("unit and position", (planted.unit.channel, (planted.unit.y, planted.unit.x))),
    ):
        exact = patch_effects(*question, by=by)
        (first, second) = best(exact, top=2)
        assert (first.unit, first.position) == truth
        assert first.effect.estimate == pytest.approx(1, abs=1e-4)
        assert abs(second.effect.estimate) < 1e-4
        assert agreement(exact, attribution_patching(*question, by=by)).low > 0.9999
    random = planted_pathway(seed=seed, randomised=True)
    spread = patch_effects(
        random.subject, *pathway_pairs(random, 4, seed=seed), random.target, "relu", by="position"
    )
    size = spread.effects.abs().mean(0)
    assert size.max() / size.sum() < 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_fail_where_a_relu_is_off_and_steps_find_it(seed: int) -> None:
    planted = planted_pathway(seed=seed, saturated=True)
    question = (planted.subject, *pathway_pairs(planted, 4, seed=seed), planted.target, "relu")
    exact = patch_effects(*question, by="unit")
    assert exact.effects[:, planted.unit.channel].allclose(torch.ones(4), atol=1e-4)
    assert not attribution_patching(*question, by="unit").effects.any()
    assert agreement(exact, attribution_patching(*question, by="unit", steps=16)).low > 0.99
    assert (switches(*question[:3], "relu")["bend"] > 0).all()
    with pytest.raises(BadInput, match="same effect in every pair"):
        agreement(exact, attribution_patching(*question, by="unit"))


@pytest.mark.parametrize(("seed", "gradient"), [(0, False), (1, False), (2, True)])
def test_the_backup_is_found(seed: int, gradient: bool) -> None:
    planted = planted_backup(seed=seed)
    inputs = torch.rand(5, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    found = compensation(
        planted.subject, inputs, planted.target, "late", planted.first, gradient=gradient, seed=seed
    )
    assert found.backups[0].unit == planted.backup
    assert found.backups[0].share == pytest.approx(0.8, abs=0.05)
    assert found.matrix[0].argmax() == planted.backup.channel
    without = planted_backup(seed=seed, built_in=False)
    nothing = compensation(
        without.subject, inputs, without.target, "late", without.first, gradient=gradient, seed=seed
    )
    assert nothing.matrix.max() < 2 * nothing.chance[0]


def test_what_is_removed_behind_or_in_the_layer_itself() -> None:
    planted = planted_backup(seed=0)
    inputs = torch.rand(3, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    gone = (planted.first, Unit("early", (planted.first.channel + 1) % 12))
    found = compensation(planted.subject, inputs, planted.target, "early", gone, shams=3)
    assert found.matrix.shape == (2, 12)
    assert not any(one.unit == one.removed for one in found.backups)  # the diagonal is no backup
    # the second unit that sees red does nothing while the first is there, and all once it is gone
    assert [one.unit.channel for one in found.backups if one.removed == planted.first]
    after = compensation(planted.subject, inputs, planted.target, "early", planted.backup, shams=3)
    assert torch.allclose(after.before, found.before)
    # the silent unit hides what the first one does; the removed one is later than the layer here
    hidden, bare = found.before[:, planted.first.channel], after.after[0][:, planted.first.channel]
    assert torch.allclose(hidden, 0.2 * bare, rtol=0.1)
    assert [one.unit for one in after.backups] == []  # nothing was lost, so nothing makes up for it


def test_mistakes_are_one_sentence() -> None:
    subject = planted_classifier(seed=0)
    clean, corrupted = pairs(subject)
    for options, error, words in [
        ({"layer": "rely"}, UnknownName, "nearest valid one is 'relu'"),
        ({"by": "pixel"}, UnknownName, "way to take a layer apart"),
        ({"layer": "head", "by": "position"}, BadInput, "vector of 3 units without positions"),
        ({"corrupted": corrupted[:1]}, BadInput, "need the same shape"),
        (
            {"corrupted": torch.cat([corrupted[:1], clean[1:]])},
            BadInput,
            r"pair 1 both score .* nothing to patch",
        ),
        ({"into": "both"}, BadInput, "'corrupted' or the 'clean' run"),
        ({"target": Output("class", 3)}, BadInput, "outputs 0 to 2"),
    ]:
        asked = {"clean": clean, "corrupted": corrupted, "target": TARGET, "layer": "relu"} | options
        with pytest.raises(error, match=words):
            patch_effects(subject, **asked)  # type: ignore[arg-type]
        with pytest.raises(error, match=words):
            attribution_patching(subject, **asked)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="not of the same sites"):
        agreement(
            patch_effects(subject, clean, corrupted, TARGET, "relu"),
            patch_effects(subject, clean, corrupted, TARGET, "conv"),
        )
    with pytest.raises(BadInput, match="no unit to be removed"):
        compensation(subject, clean, TARGET, "relu", [])
    with pytest.raises(BadInput, match="steps=0"):
        attribution_patching(subject, clean, corrupted, TARGET, "relu", steps=0)
