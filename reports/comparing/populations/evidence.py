"""What a comparison of populations is made from: every agent's numbers, what lies between recipes. Computes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from core.between import Between
from core.provenance import Provenance
from reports.comparing.agents.evidence import Setting

ALPHA = 0.05
"""The chance of claiming any difference on a page where there is none."""


@dataclass(frozen=True)
class Recipe:
    """One population: agents alike but for their seed; ``dial`` and ``kind`` say in words how they were trained."""

    name: str
    dial: str
    kind: str
    seeds: Sequence[int]
    commands: Sequence[str]


@dataclass(frozen=True, eq=False)
class Measure:
    """One number of every agent: ``what`` of ``kind`` "shifted" or "training" (levels played), "known" or "used".

    ``share``: it is a share of levels. ``on`` names the levels, ``unit`` the probe's score.
    """

    what: str
    kind: str
    values: Float[np.ndarray, "agents"] = field(repr=False)
    share: bool = False
    on: str = ""
    unit: str = ""

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return {"known": f"reading {self.what}", "used": f"using {self.what}"}.get(
            self.kind, f"{self.what}, {self.kind}"
        )


@dataclass(frozen=True, eq=False)
class Matrix:
    """A number for every two agents, and how far two of one recipe and of two recipes lie apart on average.

    ``p``: of the difference, by handing out agents to recipes anew. ``name``: the layer, where it is one's.
    """

    name: str
    values: Float[np.ndarray, "agents agents"] = field(repr=False)
    within: float
    across: float
    p: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """All of a comparison of populations; ``groups`` says which recipe each agent is of, ``tests`` are of ``measures``.

    ``choices``: share of states in which two agents prefer another action, their distances being total variations;
    ``layers``: CKA at one layer. ``unfinished`` agents and recipes with one agent alone were left out.
    """

    recipes: Sequence[Recipe]
    agents: Sequence[str]
    groups: Int[np.ndarray, "agents"]
    setting: Setting
    measures: Sequence[Measure]
    tests: Sequence[Between]
    choices: Matrix
    layers: Matrix | None
    levels: int
    samples: int
    states: int
    unfinished: int = 0
    alone: Sequence[str] = ()
    provenance: Mapping[str, Provenance] = field(default_factory=dict)

    @property
    def claimed(self) -> list[Measure]:
        """The measures in which recipes differ, after correction."""
        return [
            each for each, test in zip(self.measures, self.tests, strict=False) if test.p_corrected < ALPHA
        ]

    def of(self, measure: Measure, recipe: int) -> Float[np.ndarray, "n"]:
        """A measure's values for the agents of one recipe."""
        found: np.ndarray = measure.values[self.groups == recipe]
        return found
