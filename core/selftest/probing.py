"""Checks of probes and of use_of(): what a planted policy knows, from which layer on, and what it acts on."""

from functools import cache, partial

from core.faithfulness import randomised
from core.probing import How, Knowledge, ProbeResult, known_unused, probed_layers, use_of
from core.selftest.check import Check, Scores
from core.testing import Knower, knower
from core.testing.knower import CONCEPTS, CUE, LAYERS

INPUTS = 1000
"""Drawn for every check; 300 of them are scored on."""
FRESH = 7_000
"""Added to the seed for inputs, which are none that the policy was made with."""


def _planted(seed: int, *, cued: bool = False) -> Knower:
    """Which layer comes to know, and which concept is used, change with the seed."""
    used = CUE if cued else CONCEPTS[seed % len(CONCEPTS)]
    return knower(seed=seed, layer=LAYERS[seed // 2 % len(LAYERS)], used=used)


@cache
def _probed(seed: int, method: str = "ridge") -> tuple[ProbeResult, ...]:
    planted = _planted(seed)
    inputs, concepts = planted.drawn(INPUTS, seed=seed + FRESH)
    worked_out = {name: concepts[name] for name in CONCEPTS}
    return probed_layers(
        planted.subject, inputs, worked_out, method=method, untrained=method == "ridge", seed=seed
    )


def _there(seed: int, method: str) -> Scores:
    """The lowest AUC of a concept at its layer; in the network untrained, the highest."""
    here = [one for one in _probed(seed, method) if one.layer == _planted(seed).layer]
    random = [one.untrained.estimate for one in here if one.untrained is not None]
    return Scores(min(one.score.estimate for one in here), max(random) if random else None)


def _not_before(seed: int) -> Scores:
    """The highest AUC of a concept at the input or any layer before its own."""
    before = ("input", *_planted(seed).before)
    return Scores(max(one.score.estimate for one in _probed(seed) if one.layer in before))


def _rows(seed: int, way: str, *, cued: bool = False, random: bool = False) -> tuple[Knowledge, ...]:
    planted = _planted(seed, cued=cued)
    inputs, concepts = planted.drawn(INPUTS, seed=seed + FRESH)
    subject = randomised(planted.subject, seed=seed) if random else planted.subject
    layers = [planted.layer]
    found = probed_layers(subject, inputs, concepts, layers=layers, untrained=False, seed=seed)
    return known_unused(
        found, use_of(subject, inputs, found, concepts, head="policy", how=How(way=way, seed=seed))
    )


def _judged(seed: int, way: str, *, cued: bool) -> Scores:
    """The share of right verdicts: one concept (or the cue) known and used, the others known, not used."""
    used = _planted(seed, cued=cued).used
    rows = _rows(seed, way, cued=cued)
    wanted = ["known and used" if row.concept == used else "known, not used" for row in rows]
    return Scores(sum(row.verdict == one for row, one in zip(rows, wanted, strict=True)) / len(rows))


def _ahead(seed: int, way: str) -> Scores:
    """The effect of what is used, over the largest of a random direction; of the same concept in a random network."""
    used, ratios = _planted(seed).used, []
    for random in (False, True):
        (row,) = [row for row in _rows(seed, way, random=random) if row.concept == used]
        ratios.append(row.effect.estimate / max(row.chance.high, 1e-6))
    return Scores(*ratios)


CHECKS: tuple[Check, ...] = (
    Check(
        method="probing",
        truth="a layer works out which pairs of bits differ",
        measure="lowest AUC there of a ridge probe",
        run=partial(_there, method="ridge"),
        bar=0.99,
        null_bar=0.8,
    ),
    Check(
        method="probing",
        truth="a layer works out which pairs of bits differ, by logistic probes",
        measure="lowest AUC there",
        run=partial(_there, method="logistic"),
        bar=0.99,
    ),
    Check(
        method="probing",
        truth="before that layer no line tells it",
        measure="highest AUC at the input or before",
        run=_not_before,
        bar=0.65,
        sense="at most",
    ),
    Check(
        method="use",
        truth="one concept is acted on, others are known and are not",
        measure="right verdicts, by swapping",
        run=partial(_judged, way="swap", cued=False),
        bar=1.0,
    ),
    Check(
        method="use",
        truth="one concept is acted on, others are known and are not",
        measure="right verdicts, by erasing",
        run=partial(_judged, way="erase", cued=False),
        bar=1.0,
    ),
    Check(
        method="use",
        truth="a plain cue is acted on, no concept is",
        measure="right verdicts, by swapping",
        run=partial(_judged, way="swap", cued=True),
        bar=1.0,
    ),
    Check(
        method="use",
        truth="one concept is acted on",
        measure="its effect over that of random directions",
        run=partial(_ahead, way="swap"),
        bar=1.5,
        null_bar=1.5,
    ),
)
"""Truths that probes and uses must find, and where they must find none."""
