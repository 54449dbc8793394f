"""Checks of interventions: planted pathways, saturation, backups, directions; each also where nothing is planted."""

from functools import partial

import torch

from core.activations import capture
from core.interventions.agreement import correlations
from core.interventions.attribution_patching import attribution_patching
from core.interventions.compensation import compensation
from core.interventions.continuation import continuation
from core.interventions.edits import patch, steer
from core.interventions.intervened import intervened
from core.interventions.patching import PatchEffects, patch_effects
from core.interventions.weights import projected
from core.selftest.check import Check, Scores
from core.subject import run
from core.targets import Direction, Output, score
from core.testing import (
    Pathway,
    pathway_pairs,
    planted_backup,
    planted_classifier,
    planted_pathway,
)

PAIRS, INPUTS, STEPS, AMOUNT = 4, 8, 16, 1.5


def _patched(planted: Pathway, seed: int, by: str) -> PatchEffects:
    return patch_effects(
        planted.subject, *pathway_pairs(planted, PAIRS, seed=seed), planted.target, "relu", by=by
    )


def _sloped(planted: Pathway, seed: int, steps: int = 1) -> PatchEffects:
    pairs = pathway_pairs(planted, PAIRS, seed=seed)
    return attribution_patching(
        planted.subject, *pairs, planted.target, "relu", by="unit and position", steps=steps
    )


def _found(by: str, seed: int) -> Scores:
    """The share of all effect that is the planted site's; where nothing is planted, the largest site's."""
    planted, random = (planted_pathway(seed=seed, randomised=randomised) for randomised in (False, True))
    shares, chance = (
        (size / size.sum())
        for size in (_patched(one, seed, by).effects.abs().mean(0) for one in (planted, random))
    )
    unit = planted.unit
    share = shares[unit.channel] if by == "unit" else shares[unit.y, unit.x]
    return Scores(float(share), float(chance.max()))


def _agreeing(seed: int, *, saturated: bool, steps: int) -> Scores:
    """The lowest correlation over pairs of exact and gradient effects; beside those of a random network's gradients."""
    planted, random = (
        planted_pathway(seed=seed, saturated=saturated),
        planted_pathway(seed=seed, randomised=True),
    )
    exact = _patched(planted, seed, "unit and position")
    approximate, other = _sloped(planted, seed, steps), _sloped(random, seed, steps)
    return Scores(float(correlations(exact, approximate).min()), float(correlations(exact, other).max()))


def _blind(seed: int) -> Scores:
    """The largest gradient effect of the planted site where the exact one is 1."""
    planted = planted_pathway(seed=seed, saturated=True)
    unit = planted.unit
    exact, slope = (
        made.effects[:, unit.channel, unit.y, unit.x]
        for made in (_patched(planted, seed, "unit and position"), _sloped(planted, seed))
    )
    return Scores(float((slope / exact).abs().max()))


def _backed_up(seed: int, *, built_in: bool) -> Scores:
    """The largest gain of any unit over the largest by chance: the backup's, and in a random network."""
    ratios = []
    for planted in (planted_backup(seed=seed, built_in=built_in), planted_backup(seed=seed, randomised=True)):
        inputs = torch.rand(
            INPUTS, *planted.subject.spec.shape, generator=torch.Generator().manual_seed(seed)
        )
        made = compensation(planted.subject, inputs, planted.target, "late", planted.first, seed=seed)
        ratios.append(float(made.matrix.max() / made.chance[0].clamp_min(1e-6)))
        if built_in and len(ratios) == 1 and made.matrix[0].argmax() != planted.backup.channel:
            return Scores(0.0)
    return Scores(*ratios) if built_in else Scores(ratios[0])


def _spread_left(seed: int) -> Scores:
    """What is left of the target's spread over inputs when the direction is projected out."""
    left = []
    for randomised in (False, True):
        planted = planted_pathway(seed=seed, randomised=randomised)
        vector = torch.eye(planted.subject.layers["conv"].channels)[planted.unit.channel]
        gone = projected(planted.subject, Direction("conv", vector, "planted"))
        inputs, _ = pathway_pairs(planted, INPUTS, seed=seed)
        before, after = (score(one, inputs, planted.target).std() for one in (planted.subject, gone))
        left.append(float(after / before))
    return Scores(*left)


def _moved(seed: int) -> Scores:
    """How far the target's shift is from the 4 times the amount that the planted weights say, as a share of it."""
    errors = []
    for randomised in (False, True):
        planted = planted_pathway(seed=seed, randomised=randomised)
        unit, inputs = planted.unit, pathway_pairs(planted, INPUTS, seed=seed)[0]
        vector = torch.eye(planted.subject.layers["relu"].channels)[unit.channel]
        along = Direction("relu", vector, "planted")
        before = score(planted.subject, inputs, planted.target)
        assert unit.y is not None
        assert unit.x is not None
        with intervened(planted.subject, steer(along, AMOUNT, positions=[(unit.y, unit.x)])) as steered:
            shift = score(steered, inputs, planted.target) - before
        errors.append(float((shift / (4 * AMOUNT) - 1).abs().max()))
    return Scores(*errors)


def _continued(seed: int) -> Scores:
    """The largest difference of a continued pass from a whole one, as a share of the largest answer."""
    subject, generator = planted_classifier(seed=seed), torch.Generator().manual_seed(seed)
    inputs = torch.rand(INPUTS, *subject.spec.shape, generator=generator)
    changed = torch.randn(capture(subject, inputs, ["conv"])["conv"].shape, generator=generator)
    tail = continuation(subject, "conv", Output("class", 1)).record(inputs)
    with intervened(subject, patch("conv", changed)) as patched:
        whole = run(patched, inputs)["class"][:, 1]
    return Scores(float((tail.scores(changed, range(INPUTS)) - whole).abs().max() / whole.abs().max()))


CHECKS: tuple[Check, ...] = (
    Check(
        method="patching",
        truth="one unit of a layer carries the answer",
        measure="its share of all units' effects",
        run=partial(_found, "unit"),
        bar=0.99,
        null_bar=0.6,
    ),
    Check(
        method="patching",
        truth="one place of a layer carries the answer",
        measure="its share of all places' effects",
        run=partial(_found, "position"),
        bar=0.99,
        null_bar=0.2,
    ),
    Check(
        method="attribution-patching",
        truth="behind the layer all is linear",
        measure="lowest correlation with exact effects",
        run=partial(_agreeing, saturated=False, steps=1),
        bar=0.999,
        null_bar=0.3,
    ),
    Check(
        method="attribution-patching",
        truth="a ReLU is off: one step must miss an effect of 1",
        measure="largest effect it reports",
        run=_blind,
        bar=0.01,
        sense="at most",
    ),
    Check(
        method="attribution-patching",
        truth=f"a ReLU is off: {STEPS} steps find it",
        measure="lowest correlation with exact effects",
        run=partial(_agreeing, saturated=True, steps=STEPS),
        bar=0.99,
        null_bar=0.3,
    ),
    Check(
        method="compensation",
        truth="a silent unit takes over when another is removed",
        measure="its gain over the largest by chance",
        run=partial(_backed_up, built_in=True),
        bar=5.0,
        null_bar=2.0,
    ),
    Check(
        method="compensation",
        truth="no unit takes over",
        measure="the largest gain over the largest by chance",
        run=partial(_backed_up, built_in=False),
        bar=2.0,
        sense="at most",
    ),
    Check(
        method="projection",
        truth="one direction of a layer carries the answer",
        measure="share of the answer's spread left without it",
        run=_spread_left,
        bar=1e-4,
        sense="at most",
        null_bar=0.3,
    ),
    Check(
        method="steering",
        truth="the answer grows by 4 for each 1 added at a place",
        measure="error of the shift, as a share",
        run=_moved,
        bar=1e-3,
        sense="at most",
        null_bar=0.3,
    ),
    Check(
        method="continuation",
        truth="a pass from a layer on is the whole pass",
        measure="largest difference, as a share",
        run=_continued,
        bar=1e-5,
        sense="at most",
    ),
)
"""Truths that interventions must find, and where they must find none."""
