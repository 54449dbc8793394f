"""What the study claims, number by number: estimates over seeds, and p-values corrected for how many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_1samp, ttest_ind

from core.multiplicity import holm
from core.uncertainty import Interval
from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import LONG, SHORT, values
from gridlens.studies.monster.choice import MONSTERS
from gridlens.studies.monster.exposure import right
from reports.sections import Section, Table
from rl.reproductions.seeds import difference, mean_over

Evidence = Mapping[str, Sequence[Row]]
"""The rows of the study by the name of what was measured."""


@dataclass(frozen=True)
class Claim:
    """One number that would be 0 if there were nothing to it: what it is, what it came to, and its p-value."""

    text: str
    found: Interval
    p: float


def claims(known: Evidence) -> list[Claim]:
    """All of them, their p-values corrected by Holm's rule [holm1979]."""
    raw = [*_preferences(known), *_worths(known), _wiring(known)]
    return [Claim(one.text, one.found, p) for one, p in zip(raw, holm([one.p for one in raw]), strict=True)]


def _preferences(known: Evidence) -> list[Claim]:
    shares = [
        values(known["behaviour"], "apples_share", where="gone", span="free", kind=kind)
        for kind in (SHORT, LONG)
    ]
    lean = known["choice"]
    found = [
        _against("apples among what 25-step agents take without monsters, less a half", shares[0] - 0.5),
        Claim(
            "the same share, 200-step agents less 25-step agents",
            difference(shares[1], shares[0]),
            float(ttest_ind(shares[1], shares[0], equal_var=False).pvalue),
        ),
    ]
    for kind in (SHORT, LONG):
        none, every = (values(lean, "apple", kind=kind, left=left, held=0, gap=0) for left in (0, MONSTERS))
        found.append(
            _against(f"lean to the apple with all monsters gone, less with five: {kind}-step", none - every)
        )
    less, more = (values(lean, "apple", kind=SHORT, left=0, held=held, gap=0) for held in (0, MONSTERS))
    found.append(
        _against("lean to the apple with five shields in hand, less with none: 25-step", more - less)
    )
    return found


def _worths(known: Evidence) -> list[Claim]:
    first = values(known["worth"], "apple first", kind=SHORT, left=0, held=0)
    gains = {
        (kind, left): _one_more(known["choice"], kind, left)
        for kind in (SHORT, LONG)
        for left in (0, MONSTERS)
    }
    apple, shield = (values(known["exposure"], thing, kind=SHORT, left=0) for thing in ("apple", "shield"))
    average = right(known["exposure"], known["truth"], SHORT)
    return [
        _against(
            "apples that it is better to take the apple first, no monsters: own play of 25-step agents", first
        ),
        _against(
            "apples that a first shield in hand is worth to 25-step critics without monsters", gains[SHORT, 0]
        ),
        _against("the same, less with five monsters", gains[SHORT, 0] - gains[SHORT, MONSTERS]),
        _against(
            "the same less with five monsters, 200-step critics", gains[LONG, 0] - gains[LONG, MONSTERS]
        ),
        _against("advantage of apples less that of shields in 25-step training, no monsters", apple - shield),
        _against("apples that it is better to take the apple first, on average in 25-step training", average),
    ]


def _one_more(rows: Sequence[Row], kind: int, left: int) -> NDArray:
    none, one = (values(rows, "value", kind=kind, left=left, held=held, gap=0) for held in (0, 1))
    return one - none


def _wiring(known: Evidence) -> Claim:
    alike, shuffled = (values(known["wiring"], name, kind=SHORT) for name in ("alike", "shuffled"))
    return _against(
        "likeness of weights from shields and apples, less that of units shuffled: 25-step", alike - shuffled
    )


def _against(text: str, found: NDArray) -> Claim:
    """That the mean over agents is not 0, by Student's test."""
    same = bool(np.ptp(found) == 0)
    p = float(found[0] == 0) if same else float(ttest_1samp(found, 0).pvalue)
    return Claim(text, mean_over(found), p)


def section(found: Sequence[Claim]) -> Section:
    """The table of claims."""
    rows = [(one.text, one.found, "below 0.001" if one.p < 0.001 else f"{one.p:.3f}") for one in found]
    return Section(
        "All claims at once",
        "Each number would be 0 if there were nothing to it. The p-values are those of Student's and Welch's tests "
        f"over seeds, corrected for {len(found)} claims by Holm's rule.",
        tables=[Table(("number", "estimate", "p"), rows, caption="Over seeds, with 95 % intervals")],
    )
