"""When activation patching counts as working at a layer: criteria fixed beforehand, held against the measurements.

They were written down before the first of the study's runs (docs/studies/patching.md), and have not been changed since.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.uncertainty import Interval

HALF, AGREE = 0.5, 0.7


@dataclass(frozen=True)
class AtLayer:
    """What all pairs have in common at one layer; each an interval over pairs, None where the layer has none of it.

    ``units`` and ``places``: what came back with the best tenth, by what was patched (``core.interventions.tracing``).
    ``inside``: how much more of the places' effect lies where the inputs differ than of the area (1: no more).
    ``agreement``: correlation of exact and gradient effects over units drawn at random.
    """

    layer: str
    units: Mapping[str, Interval]
    places: Mapping[str, Interval] | None
    inside: Interval | None
    agreement: Interval | None


@dataclass(frozen=True)
class Criterion:
    """A requirement in words, and whether the numbers of a layer meet it; None where it cannot be asked."""

    name: str
    words: str
    met: Callable[[AtLayer], bool | None]


def _half(values: Mapping[str, Interval] | None) -> bool | None:
    return None if values is None else values["best"].low >= HALF


def _beyond_controls(values: Mapping[str, Interval] | None) -> bool | None:
    if values is None:
        return None
    return values["best"].low > max(values["random"].high, values["another"].high)


CRITERIA = (
    Criterion(
        "few units",
        "the best tenth of the units brings back at least half of the logit difference (the interval's lower end)",
        lambda at: _half(at.units),
    ),
    Criterion(
        "not any units",
        "that interval lies above those of as many units at random and of the same units from an unrelated input",
        lambda at: _beyond_controls(at.units),
    ),
    Criterion(
        "few places",
        "the best tenth of the places brings back at least half of it",
        lambda at: _half(at.places),
    ),
    Criterion(
        "not any places",
        "that interval lies above those of as many places at random and of the same places from an unrelated input",
        lambda at: _beyond_controls(at.places),
    ),
    Criterion(
        "the right places",
        "where the inputs differ in a known part alone, more of the places' effect lies there than of the area "
        "(the interval's lower end is above 1)",
        lambda at: None if at.inside is None else at.inside.low > 1,
    ),
    Criterion(
        "gradient foretells",
        "exact and gradient effects of units drawn at random correlate by at least 0.7 (the lower end)",
        lambda at: None if at.agreement is None else at.agreement.low >= AGREE,
    ),
)
"""Activation patching by unit works at a layer if the first two hold, by place if the next two do."""


def verdicts(at: AtLayer) -> dict[str, bool | None]:
    """Every criterion's name to whether it holds at the layer.

    >>> sure, none = Interval(0.9, 0.8, 1.0, 9), Interval(0.0, -0.1, 0.1, 9)
    >>> found = verdicts(AtLayer("conv", {"best": sure, "random": none, "another": none}, None, None, sure))
    >>> found["few units"], found["not any units"], found["few places"], found["gradient foretells"]
    (True, True, None, True)
    """
    return {one.name: one.met(at) for one in CRITERIA}


def works(at: AtLayer) -> tuple[bool, bool | None]:
    """Whether patching works at the layer: by unit, and by place (None without places)."""
    found = verdicts(at)
    by_unit = bool(found["few units"] and found["not any units"])
    by_place = None if at.places is None else bool(found["few places"] and found["not any places"])
    return by_unit, by_place
