"""Hand-made evidence of an attribution page: four photographs, three methods, two controls."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.uncertainty import Interval
from reports.attribution.evidence import AttributionEvidence, Case, Check, Judged, Objects, Score, Trace

RANKS = {"shapley": 1.2, "lrp": 2.0, "saliency": 3.4, "edges": 3.9, "random": 4.5}
CONTROLS = ("random", "edges")


def interval(value, width=0.3, n=4):
    return Interval(value, value - width, value + width, n)


def evidence(*, leads=("shapley", "lrp"), failing=("lrp", "edges", "random"), inputs=4, **changed):
    rng = np.random.default_rng(0)
    methods = [Judged(name, control=name in CONTROLS, seconds=1.0) for name in RANKS]
    cases = [
        Case(
            f"{i + 1}: tabby",
            i,
            "class tabby",
            9.5,
            rng.random((16, 16, 3)),
            {name: rng.normal(size=(16, 16)) for name in RANKS},
            {"shapley": 2.0},
            {"shapley": 0.3},
        )
        for i in range(inputs)
    ]
    steps = np.linspace(0, 1, 5)
    traces = [
        Trace(name, f"{way}, blur", steps, np.tile(steps if way == "insertion" else 1 - steps, (inputs, 1)))
        for name in RANKS
        for way in ("deletion", "insertion")
    ]
    layers = ["trained", "head", "conv"]
    traces += [Trace(name, "randomisation", layers, np.full((inputs, 3), 0.5)) for name in RANKS]
    found = {
        "subject": "tiny",
        "command": "gridlens attribute tiny",
        "methods": methods,
        "cases": cases,
        "scores": [
            Score(name, "deletion-blur", np.full(inputs, rank), interval(rank), "lower", round(rank))
            for name, rank in RANKS.items()
        ],
        "ranks": {name: interval(rank) for name, rank in RANKS.items()},
        "leads": {name: interval(0.9 if name in leads else 0.1) for name in RANKS if name not in CONTROLS},
        "behind": {name: interval(rank - 1.2) for name, rank in RANKS.items()},
        "checks": [
            Check(name, "cascading randomisation", name not in failing, "likeness 0.50", 0.5, 0.5, inputs)
            for name in RANKS
        ],
        "traces": traces,
    }
    return AttributionEvidence(**found | changed)


@pytest.fixture(scope="session")
def hand_made():
    """``evidence`` and its pieces."""
    return SimpleNamespace(evidence=evidence, interval=interval, Objects=Objects, ranks=RANKS)
