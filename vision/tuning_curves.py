"""Tuning: curves of units over one stimulus's axis, read off their answers; alike(): with options in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Int

from core.errors import BadInput
from core.provenance import Provenance
from vision.circular import peaks, resultants
from vision.showing import contrasts, half_turned, option_sets
from vision.stimuli import STIMULI, Stimulus

LEAST_SPREAD = 0.01
"""Of answers to them, by the best answer: units that are silent for all of them have no spread to go by."""
FAINT = 0.1
"""Answers above grey by less than this share of that spread count as none: no angle is read off rounding errors."""


@dataclass(frozen=True, eq=False)
class Tuning:
    """Curves of units over one stimulus's axis; row i of every array is unit ``units[i]``.

    ``axis`` are degrees, or radii in pixels; ``curves`` the units' answers there, less the one to plain grey
    (``blank``). All options keep the values (``options``) that they have in the picture with the unit's strongest
    answer; where a half turn changes nothing but the sign of an option (``period`` 180), the better of the two ends
    is taken.

    ``preferred`` is where the curve is highest, by a parabola through three points; ``mean`` the circular mean and
    ``resultant`` the length in [0, 1] of the mean vector of what lies above zero, ``period`` degrees being a full
    turn: 0 where all directions count alike, 1 where one alone does. ``echo`` is the answer half a turn from the
    best place by the best (1 where the period is 180). ``selectivity`` is how many standard deviations the best
    answer lies above those to random stimuli of the other kinds; a linear filter of noise reaches 3 to 5. ``contrast``
    is the root mean square over the field of the picture that the best answer is to, 1 for black and white halves.
    ``invariance`` has for each option the mean answer
    above zero over its values by the best one: 1 where it makes no difference (``phase``: a complex cell), little
    where only one value drives the unit. ``z`` are the answers, grey included, in standard deviations over natural
    images, if a reference was given. ``answers`` holds the answers, less grey, to all pictures: places along the axis,
    sets of options in the order of ``vision.showing.option_sets``; ``others`` those to random pictures of the other
    kinds. What has no meaning is NaN: angles of lengths (``period`` None), the preferred
    place of a unit that nothing raises above grey by a tenth of that spread.
    """

    stimulus: str
    layer: str
    units: Int[np.ndarray, "u"]
    axis: Float[np.ndarray, "k"]
    period: float | None
    curves: Float[np.ndarray, "u k"]
    blank: Float[np.ndarray, "u"]
    preferred: Float[np.ndarray, "u"]
    mean: Float[np.ndarray, "u"]
    resultant: Float[np.ndarray, "u"]
    echo: Float[np.ndarray, "u"]
    selectivity: Float[np.ndarray, "u"]
    contrast: Float[np.ndarray, "u"]
    options: Mapping[str, Float[np.ndarray, "u"]]
    invariance: Mapping[str, Float[np.ndarray, "u"]]
    reach: float
    answers: Float[np.ndarray, "u k m"] = field(repr=False)
    others: Float[np.ndarray, "u n"] = field(repr=False)
    z: Float[np.ndarray, "u k"] | None = None
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def peak(self) -> Float[np.ndarray, "u"]:
        """The best answer, less the one to grey."""
        return self.curves.max(axis=1)


def read(
    kind: Stimulus,
    places: Sequence[float],
    answers: Float[np.ndarray, "u k m"],
    others: Float[np.ndarray, "u n"],
    *,
    layer: str,
    reach: float,
    option: Int[np.ndarray, "u"] | None = None,
) -> Tuning:
    """A Tuning of units numbered from 0, for ``answers`` at ``places`` along the axis, lengths in units of ``reach``.

    ``option`` is the set of options to keep to for each unit; that of its best answer without it.
    """
    axis, rows = np.asarray(places) * (reach if kind.period is None else 1.0), np.arange(len(answers))
    if option is None:
        option = answers.max(axis=1).argmax(axis=1)
    curves = np.maximum(answers[rows, :, option], answers[rows, :, np.asarray(half_turned(kind))[option]])
    peak, place = curves.max(axis=1), curves.argmax(axis=1)
    spread = np.maximum(others.std(axis=1), LEAST_SPREAD * np.abs(peak))
    faint = FAINT * spread
    mean, resultant = np.full((2, len(rows)), np.nan)
    if kind.period is not None:
        counted = np.where(curves > faint[:, None], curves, 0.0)
        mean, resultant = resultants(axis, counted, period=kind.period)
    sets = option_sets(kind)
    shown = [(places[i], sets[k]) for i, k in zip(place, option, strict=True)]
    return Tuning(
        stimulus=kind.name,
        layer=layer,
        units=rows,
        axis=axis,
        period=kind.period,
        curves=curves,
        blank=np.zeros(len(rows)),
        preferred=np.where(peak > faint, peaks(axis, curves, period=kind.period), np.nan),
        mean=mean,
        resultant=resultant,
        echo=_echo(kind, curves),
        selectivity=_share(peak - others.mean(axis=1), spread, otherwise=0.0),
        contrast=contrasts(kind, shown, reach),
        options={name: np.array([sets[k][name] for k in option]) for name in kind.options},
        invariance={name: _invariance(kind, name, answers[rows, place], option) for name in kind.options},
        reach=reach,
        answers=answers,
        others=others,
    )


def alike(tuning: Tuning, units: Sequence[int]) -> Tuning:
    """The tuning of some of its units with one set of options for all, which drives them best together.

    Members of a family are to be compared by one picture turned. Left to themselves, one may answer a large filled
    curve most and its neighbour the same curve in dark, which bulges the other way and is nearly the same picture.
    Each unit counts by its answer's share of its best. ``z`` is left out.

    Raises
    ------
    BadInput
        if a unit is not among the tuning's.

    >>> from core.testing import planted_classifier
    >>> from vision.tuning import tuning
    >>> found = tuning(planted_classifier(seed=0), "conv", stimuli=["lines"], steps=8)["lines"]
    >>> len(set(alike(found, [1, 2]).options["polarity"]))
    1
    """
    missing = [unit for unit in units if unit not in tuning.units]
    if missing or not len(units):
        given = f"unit {missing[0]}" if missing else "no units"
        raise BadInput(f"{given}; expected units that the tuning is of, {tuning.units.tolist()[:12]} ...")
    rows = np.array([int(np.flatnonzero(tuning.units == unit)[0]) for unit in units])
    kind, answers = STIMULI[tuning.stimulus], tuning.answers[rows]
    best = np.maximum(answers.max(axis=1), answers.max(axis=1)[:, half_turned(kind)])
    share = _share(np.maximum(best, 0.0), best.max(axis=1, keepdims=True), otherwise=0.0)
    option = np.full(len(rows), share.sum(axis=0).argmax())
    places = tuning.axis / (tuning.reach if kind.period is None else 1.0)
    together = read(
        kind,
        places.tolist(),
        answers,
        tuning.others[rows],
        layer=tuning.layer,
        reach=tuning.reach,
        option=option,
    )
    return replace(together, units=tuning.units[rows], blank=tuning.blank[rows], provenance=tuning.provenance)


def _echo(kind: Stimulus, curves: Float[np.ndarray, "u k"]) -> Float[np.ndarray, "u"]:
    rows, best, count = np.arange(len(curves)), curves.argmax(axis=1), curves.shape[1]
    if kind.period is None:
        return np.full(len(curves), np.nan)
    if kind.period == 180.0:
        return np.ones(len(curves))
    return _share(curves[rows, (best + count // 2) % count], curves[rows, best], otherwise=np.nan)


def _invariance(
    kind: Stimulus, name: str, said: Float[np.ndarray, "u m"], option: Int[np.ndarray, "u"]
) -> Float[np.ndarray, "u"]:
    """Mean answer over one option's values, all else at its best, by the best; 0 where nothing is above grey."""
    shape = tuple(len(values) for values in kind.options.values())
    index = np.unravel_index(option, shape)
    axis = list(kind.options).index(name)
    rows = np.arange(len(said))
    over = [
        said[rows, np.ravel_multi_index((*index[:axis], np.full_like(option, k), *index[axis + 1 :]), shape)]
        for k in range(shape[axis])
    ]
    return _share(np.maximum(over, 0.0).mean(axis=0), said[rows, option], otherwise=0.0)


def _share(part: np.ndarray, whole: np.ndarray, *, otherwise: float) -> np.ndarray:
    """Part by whole where the whole is above zero."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), otherwise)
