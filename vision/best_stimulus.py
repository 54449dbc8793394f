"""best_stimulus(): the kind of stimulus that says most about each unit, with the evidence in words."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import BadInput
from vision.stimuli import STIMULI
from vision.stimuli.stimulus import option_text
from vision.tuning import Tuning

STRONG = 0.5
"""A kind must drive a unit by at least this share of what the strongest kind does."""
TUNED = 0.25
"""Resultant length below which a unit is said to answer at any orientation, or hue."""


@dataclass(frozen=True)
class BestStimulus:
    """A unit's stimulus: its name, where along its axis (degrees, pixels), a ``label`` in words, and how it stands.

    ``stimulus`` is None, and ``preferred`` NaN, where nothing raises the unit above its answer to grey.
    """

    unit: int
    stimulus: str | None
    preferred: float
    label: str
    peak: float
    resultant: float
    selectivity: float


def best_stimulus(tunings: Mapping[str, Tuning]) -> list[BestStimulus]:
    """For each unit the stimulus that takes the least contrast to drive it, of those that drive it strongly.

    Strong is at least half as strong as any. The strongest alone would be a name for what has most contrast: black
    and white halves drive a detector of thin lines better than a thin line does. A linear filter's answer by the
    contrast is largest for the picture most like it. ``hue_contrast`` shows the pictures of ``colour_contrast`` in
    another order, and is left to it.

    Raises
    ------
    BadInput
        if there are no tunings, or they are of different units.

    >>> from core.testing import planted_classifier
    >>> from vision.tuning import tuning
    >>> [one.unit for one in best_stimulus(tuning(planted_classifier(seed=0), "conv", [1, 3], stimuli=["edges"]))]
    [1, 3]
    """
    every = [
        one for one in tunings.values() if one.stimulus != "hue_contrast" or "colour_contrast" not in tunings
    ]
    if not every or any(not np.array_equal(one.units, every[0].units) for one in every):
        raise BadInput(
            "no tunings, or tunings of different units; expected what tuning() returns for one layer"
        )
    peaks = np.stack([one.peak for one in every])
    heard = np.stack([~np.isnan(one.preferred) for one in every])
    by_contrast = peaks / np.stack([one.contrast for one in every])
    by_contrast[~heard | (peaks < STRONG * peaks.max(axis=0))] = -np.inf
    chosen = by_contrast.argmax(axis=0)
    return [
        _described(every[kind], row) if heard[:, row].any() else _silent(int(every[0].units[row]))
        for row, kind in enumerate(chosen)
    ]


def _described(tuning: Tuning, row: int) -> BestStimulus:
    kind = STIMULI[tuning.stimulus]
    preferred, resultant = float(tuning.preferred[row]), float(tuning.resultant[row])
    if tuning.period is None:
        where = f"{kind.axis} {preferred:.3g} px"
    elif resultant < TUNED:
        where = f"any {kind.axis}"
    else:
        where = f"{preferred % tuning.period:.0f}°"
    details = [option_text(name, float(values[row]), tuning.reach) for name, values in tuning.options.items()]
    return BestStimulus(
        unit=int(tuning.units[row]),
        stimulus=tuning.stimulus,
        preferred=preferred,
        label=", ".join([kind.label, where, *details]),
        peak=float(tuning.peak[row]),
        resultant=resultant,
        selectivity=float(tuning.selectivity[row]),
    )


def _silent(unit: int) -> BestStimulus:
    return BestStimulus(unit, None, float("nan"), "no stimulus raises it above grey", 0.0, 0.0, 0.0)
