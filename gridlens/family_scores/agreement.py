"""Agreement of two methods: places that families get from photographs, and angles of their members' tuning curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from core.artifacts import read_json
from core.progress import Progress
from core.subject import Subject
from core.symmetry.families import Families
from core.symmetry.groups import Group
from core.symmetry.scores import circular_correlation
from core.symmetry.views import Views
from vision.families.evidence import TURNING
from vision.families.records import families_of, group_of
from vision.families.searching import Search, search
from vision.published.places import degrees
from vision.stimuli import STIMULI

TITLE = "Agreement of two methods"
NO_DATA = "Left out, for no data folder was given: name with --data one that holds weights/ and images/."

GROUPS = ("rotation:15", "reflection", "hue:30")
"""What is searched for in every layer."""

LEAST = 3
"""Members with an angle that a family needs to count in a layer's correlation; each family loses one to its origin."""

ALIKE = 0.8
"""Correlation of members' curves, each shifted to fit, from which on a stimulus speaks for their family.

Copies that are turned have one curve, turned; where the curves differ, the angles of their peaks mean nothing.
"""

DRAWS = 500
"""Bootstrap repetitions."""

SHUFFLES = 100
"""Times that angles are dealt out anew for the level of chance."""

BAR = 0.9
"""At least, for the early families."""


Angles = Float[np.ndarray, "m"]


@dataclass(frozen=True, eq=False)
class Compared:
    """Members of one family: places and preferred angles, both in radians of the period that the two share.

    ``alike`` is how far their tuning curves are one curve, shifted: the mean correlation of any two at their best
    shift. It does not depend on places.
    """

    family: int
    stimulus: str
    places: Angles
    angles: Angles
    alike: float = 1.0


def agreement_rows(
    subject: Subject,
    layers: Sequence[str],
    views: Mapping[str, Views],
    *,
    out: Path,
    early: Sequence[str] = (),
    seed: int = 0,
    progress: Progress,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Search the layers (a run in ``out``, which goes on); a row for each layer, and one for each family compared."""
    how = Search(
        tuning=bool(set(TURNING) & set(next(iter(views.values())).group.axes)), weights=False, seed=seed
    )
    found = search(subject, layers, views, how, out=out, progress=progress)
    group = group_of(read_json(out / "group.json"))
    rows, families = [], []
    for path in found:
        document = read_json(path)
        told = {"model": subject.name, "layer": document["layer"], "group": group.name}
        pairs = compared(document, group)
        rows.append(
            told
            | {"early": document["layer"] in early}
            | _counted(document)
            | pooled([each for each in pairs if each.alike >= ALIKE], seed=seed)
            | {"of all": pooled(pairs, seed=seed)["correlation"], "all": len(pairs)}
        )
        families += [
            told | {"family": each.family, "stimulus": each.stimulus, **_alone(each)} for each in pairs
        ]
    return rows, families


def _counted(document: Mapping[str, Any]) -> dict[str, Any]:
    """Shares of a layer's units that lie in families: with all inputs, with either half, with shuffled weights."""
    units = document["units"]
    halves = [half["in families"] / units for half in document["halves"]["counts"]]
    return {
        "units": units,
        "families": document["counts"]["families"],
        "share": document["counts"]["in families"] / units,
        "share low": min(halves),
        "share high": max(halves),
        "shuffled": document["null"]["in families"] / units,
        "invariant": document["counts"]["invariant"] / units,
        "ari of halves": document["halves"]["ari"],
    }


def compared(document: Mapping[str, Any], group: Group) -> list[Compared]:
    """The families of a layer whose members have both a place and a preferred angle, at least three of them."""
    families = families_of(document, group)
    every = (
        _compared(families, index, each["tuning"])
        for index, each in enumerate(document["families"])
        if each["tuning"]
    )
    return [each for each in every if each is not None and len(each.places) >= LEAST]


def _compared(families: Families, index: int, tuning: Mapping[str, Any]) -> Compared | None:
    speaks = STIMULI[tuning["stimulus"]].axis
    axis = next(
        (name for name, other in TURNING.items() if other == speaks and name in families.group.axes), None
    )
    if axis is None or tuning["period"] is None:
        return None
    places, repeats = degrees(families, index, axis)
    turn = 2 * np.pi / min(repeats, tuning["period"])
    preferred = {int(unit): curve["preferred"] for unit, curve in tuning["curves"].items()}
    units = [unit for unit in places if preferred.get(unit) is not None]
    return Compared(
        index,
        tuning["stimulus"],
        turn * np.array([places[unit] for unit in units]),
        turn * np.array([preferred[unit] for unit in units]),
        _alike(np.array([tuning["curves"][str(unit)]["values"] for unit in units])),
    )


def _alike(curves: Float[np.ndarray, "m k"]) -> float:
    """The mean correlation of any two curves over a circle, each pair shifted to where it is highest."""
    if len(curves) < LEAST:
        return float("nan")
    centred = curves - curves.mean(1, keepdims=True)
    waves = np.fft.rfft(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12))
    shifted = np.fft.irfft(waves[:, None] * waves[None].conj(), n=curves.shape[1])
    return float(shifted.max(-1)[np.triu_indices(len(curves), 1)].mean())


def pooled(families: Sequence[Compared], *, seed: int) -> dict[str, Any]:
    """How well places and angles of all families of a layer go together, each family turned by its own origin.

    ``correlation`` is circular; families are redrawn for its interval, and angles dealt out anew within each family
    for its ``chance``, which is high where families are small, since each is turned to fit.
    """
    told = {"compared": len(families), "members": sum(len(each.places) for each in families)}
    if not families:
        return told | dict.fromkeys(("correlation", "low", "high", "chance"))
    rng = np.random.default_rng(seed)
    turned = [(each.places, _turned(each.places, each.angles)) for each in families]
    drawn = (rng.integers(len(turned), size=len(turned)) for _ in range(DRAWS))
    low, high = np.nanquantile([_together([turned[i] for i in which]) for which in drawn], (0.025, 0.975))
    chance = [_dealt(families, rng) for _ in range(SHUFFLES)]
    return told | {
        "correlation": _together(turned),
        "low": float(low),
        "high": float(high),
        "chance": float(np.nanmean(chance)),
    }


def _turned(places: Angles, angles: Angles) -> Angles:
    """The angles, turned together to where they lie nearest to the places."""
    return angles - np.angle(np.exp(1j * (angles - places)).sum())


def _together(turned: Sequence[tuple[Angles, Angles]]) -> float:
    """The circular correlation over all members of some families."""
    places, angles = (np.concatenate(each) for each in zip(*turned, strict=True))
    return circular_correlation(places, angles, 2 * np.pi)


def _dealt(families: Sequence[Compared], rng: np.random.Generator) -> float:
    shuffled = ((each.places, rng.permutation(each.angles)) for each in families)
    return _together([(places, _turned(places, angles)) for places, angles in shuffled])


def _alone(each: Compared) -> dict[str, Any]:
    value = _together([(each.places, _turned(each.places, each.angles))])
    return {"members": len(each.places), "curves alike": each.alike, "correlation": value}
