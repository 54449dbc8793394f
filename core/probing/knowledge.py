"""Knowledge: what a layer knows of a concept beside what the answer does with it: known, not used; or the reverse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import BadInput
from core.probing.result import ProbeResult
from core.probing.use import Use
from core.uncertainty import Interval

Verdict = Literal["known and used", "known, not used", "used, not read", "neither"]


@dataclass(frozen=True)
class Knowledge:
    """How well a concept is ``read`` at a layer, and the ``effect`` of changing it there beside ``chance``."""

    concept: str
    layer: str
    read: Interval
    effect: Interval
    chance: Interval
    verdict: Verdict


def known_unused(results: Sequence[ProbeResult], uses: Sequence[Use]) -> tuple[Knowledge, ...]:
    """Probes and uses of the same concepts at the same layers, joined: one row for every use.

    Known is what is read above its control and a constant guess (``ProbeResult.known``); used what changes the answer
    more than random directions do, and enough to matter (``Use.used``). A concept that is known, and not used, where
    its rival is used, is the signature of a misgeneralised goal.

    Raises
    ------
    BadInput
        if a use has no probe.

    >>> known_unused((), ())
    ()
    """
    read = {(one.concept, one.layer): one for one in results}
    rows = []
    for use in uses:
        found = read.get((use.concept, use.layer))
        if found is None:
            raise BadInput(f"there is no probe of {use.concept!r} at {use.layer!r} to set its use beside")
        verdict = _verdict(found.known, use.used)
        rows.append(Knowledge(use.concept, use.layer, found.score, use.effect, use.chance, verdict))
    return tuple(rows)


def _verdict(known: bool, used: bool) -> Verdict:
    if known:
        return "known and used" if used else "known, not used"
    return "used, not read" if used else "neither"
