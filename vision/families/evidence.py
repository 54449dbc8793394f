"""Evidence for families from stimuli that the search did not see: members' tuning beside the places assigned."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.artifacts import write_csv
from core.progress import Progress
from core.subject import Subject
from core.symmetry.families import Families
from core.symmetry.groups import Group
from core.symmetry.scores import circular_correlation
from feature_viz.examples.crops import folder_name
from vision.published.places import degrees
from vision.stimuli import STIMULI
from vision.tuning import Tuning, alike, tuning

LEAST = 4
"""Members: of three, any two orders agree up to a turn."""

TURNING = {"rotation": "orientation", "hue": "hue"}
"""Axes of a group and the axis of the stimuli that speak to them; radii speak to scale, without a correlation."""

LENGTH = {"scale": "radius"}


def stimuli_for(group: Group, channels: int) -> tuple[str, ...]:
    """The stimuli that can bear out, or not, where a family's members stand.

    >>> from core.symmetry.groups import cyclic
    >>> "curves" in stimuli_for(cyclic("rotation", 24), 3), stimuli_for(cyclic("own", 4), 3)
    (True, ())
    """
    wanted = {axis for name, axis in (TURNING | LENGTH).items() if name in group.axes}
    if "reflection" in group.axes:
        wanted.add("orientation")
    return tuple(
        name for name, one in STIMULI.items() if one.axis in wanted and (channels == 3 or not one.colour)
    )


def tuning_evidence(
    subject: Subject, found: Families, *, folder: Path, progress: Progress
) -> list[dict[str, Any] | None]:
    """For every family {called, tried, correlation, n, why, axis, period, curves: {unit: {values, preferred}}}.

    The stimulus is the one that stands out most among all pictures for the family's members, with one set of options
    for all of them; its choice does not look at places. ``correlation`` is circular, of place and preferred angle, up
    to one offset; None, with a reason, where there is none. All curves of all members, each with options of its own,
    are written to layers/LAYER-tuning.csv.
    """
    names = stimuli_for(found.group, subject.spec.shape[0])
    units = sorted({one.unit for family in found.families for one in family.members})
    if not names or not units or subject.spec.shape[0] not in (1, 3):
        return [None] * len(found.families)
    tuned = tuning(subject, found.layer, units, stimuli=names, progress=progress)
    write_csv(folder / "layers" / f"{folder_name(found.layer)}-tuning.csv", _rows(tuned))
    return [_of_family(found, index, tuned) for index in range(len(found.families))]


def _of_family(found: Families, index: int, tuned: Mapping[str, Tuning]) -> dict[str, Any]:
    members = [one.unit for one in found.families[index].members]
    together = {each: alike(one, members) for each, one in tuned.items()}
    name = max(together, key=lambda each: _stands_out(together[each]))
    curves, kind = together[name], STIMULI[name]
    rows = {unit: place for place, unit in enumerate(curves.units.tolist())}
    document: dict[str, Any] = {
        "called": kind.label,
        "stimulus": name,
        "tried": len(tuned),
        "period": curves.period,
        "axis": curves.axis.tolist(),
        "curves": {
            str(unit): {
                "values": curves.curves[rows[unit]].tolist(),
                "preferred": _finite(curves.preferred[rows[unit]]),
            }
            for unit in members
        },
    }
    return document | _borne_out(found, index, curves, rows)


def _borne_out(found: Families, index: int, curves: Tuning, rows: Mapping[int, int]) -> dict[str, Any]:
    """The circular correlation of place and preferred angle, or why there is none."""
    axis = next((name for name, speaks in TURNING.items() if speaks == STIMULI[curves.stimulus].axis), "")
    if axis not in found.group.axes or curves.period is None:
        return {"correlation": None, "n": 0, "why": f"{axis or 'these'} places have no angle to compare"}
    assigned, period = degrees(found, index, axis)
    both = [
        (angle, float(curves.preferred[rows[unit]]))
        for unit, angle in assigned.items()
        if unit in rows and np.isfinite(curves.preferred[rows[unit]])
    ]
    if len(both) < LEAST:
        why = (
            f"{len(both)} members with an angle of their own are too few to compare orders (at least {LEAST})"
        )
        return {"correlation": None, "n": len(both), "why": why}
    here, there = np.array(both).T
    value = circular_correlation(here, there, min(period, curves.period))
    return {"correlation": float(value), "n": len(both), "why": ""}


def _stands_out(curves: Tuning) -> float:
    """How far the members' best answers lie above those to random pictures of other kinds, in the middle.

    An answer counts by how much it hangs on the angle: one that does not says nothing of places.
    """
    sharp = np.where(np.isnan(curves.resultant), 1.0, curves.resultant)
    return float(np.nan_to_num(np.median(curves.selectivity * sharp), nan=-np.inf))


def _rows(tuned: Mapping[str, Tuning]) -> list[dict[str, Any]]:
    """Every unit and stimulus: what it prefers and how sharply; the curve itself as text, place:answer."""
    return [
        {
            "unit": int(unit),
            "stimulus": name,
            "preferred": _finite(one.preferred[place]),
            "resultant": _finite(one.resultant[place]),
            "echo": _finite(one.echo[place]),
            "selectivity": _finite(one.selectivity[place]),
            "curve": " ".join(f"{x:g}:{y:.4g}" for x, y in zip(one.axis, one.curves[place], strict=True)),
        }
        for name, one in tuned.items()
        for place, unit in enumerate(one.units)
    ]


def _finite(value: float | np.floating[Any]) -> float | None:
    return float(value) if np.isfinite(value) else None
