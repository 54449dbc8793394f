"""tuning(): how strongly each unit of a layer answers synthetic stimuli, over their orientation, hue or radius."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Int

from core.errors import BadInput
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.subject import Subject, layer_named
from vision.circular import peaks, resultants
from vision.showing import answers, contrasts, half_turned, of_grey, of_random, option_sets
from vision.stimuli import STIMULI, Stimulus, axis_values, stimulus_named
from vision.window import Window, window

CONTROLS = 6
"""Pictures of each kind, drawn at random, in four directions each; they say where a unit looks, how much is much."""
CLEARLY = 1.5
"""A neighbouring position is taken for a unit's own if its answers have at least so many times the power there."""
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
    images, if a reference was given. What has no meaning is NaN: angles of lengths (``period`` None), the preferred
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
    z: Float[np.ndarray, "u k"] | None = None
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def peak(self) -> Float[np.ndarray, "u"]:
        """The best answer, less the one to grey."""
        return self.curves.max(axis=1)


def suited(
    subject: Subject, stimuli: Sequence[str] = tuple(STIMULI)
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The stimuli that a subject can be shown, and those left out: coloured ones where the input is grey.

    Raises
    ------
    UnknownName
        if a stimulus does not exist; names the nearest.
    BadInput
        if the input is neither grey nor RGB, or nothing is left.

    >>> from core.testing import planted_classifier
    >>> suited(planted_classifier(seed=0), ["curves", "hue_centres"])
    (('curves', 'hue_centres'), ())
    """
    kinds = [stimulus_named(name) for name in stimuli]
    channels = subject.spec.shape[0]
    if channels not in (1, 3):
        raise BadInput(f"{subject.name} takes {channels} channels; stimuli are drawn for grey (1) or RGB (3)")
    kept = tuple(kind.name for kind in kinds if channels == 3 or not kind.colour)
    if not kept:
        asked = ", ".join(stimuli) or "none"
        raise BadInput(f"no stimulus for {subject.name}: asked for {asked}; one that fits is 'curves'")
    return kept, tuple(kind.name for kind in kinds if kind.name not in kept)


def tuning(
    subject: Subject,
    layer: str,
    units: Sequence[int] | None = None,
    *,
    stimuli: Sequence[str] = tuple(STIMULI),
    steps: int = 24,
    reference: tuple[Float[np.ndarray, "c"], Float[np.ndarray, "c"]] | None = None,
    seed: int = 0,
    batch_size: int = 64,
    progress: Progress = silent,
) -> dict[str, Tuning]:
    """Tuning curves of a layer's units (all, or some), by stimulus; ``steps`` to a full turn.

    Pictures are as large as the receptive field and centred where the map's middle position looks. Answers are read
    there, or at the neighbour of it where a unit's answers to random pictures clearly have most power: strides and
    pooling put some units' own middle beside the map's. (The best neighbour for each stimulus apart would make a
    detector of circles look tuned to curves, by the side of the circle that it fits.) Coloured stimuli are left out
    for grey networks; ``suited``, the progress label and the provenance say
    which. ``reference`` is the mean and the standard deviation of every unit of the layer over natural images.

    Raises
    ------
    UnknownName
        if the layer or a stimulus does not exist.
    BadInput
        if the layer has no positions, a unit does not exist, or no stimulus suits the network.

    >>> from core.testing import planted_classifier
    >>> found = tuning(planted_classifier(seed=0), "conv", [0, 2], stimuli=["edges"], steps=8)["edges"]
    >>> found.curves.shape, found.period
    ((2, 8), 360.0)
    """
    names, left_out = suited(subject, stimuli)
    plans = {
        name: list(itertools.product(axis_values(STIMULI[name], steps), option_sets(STIMULI[name])))
        for name in names
    }
    chosen = _chosen(subject, layer, units)
    seen = window(subject, layer)
    made = provenance(
        subject=subject.fingerprint,
        seed=seed,
        steps=steps,
        left_out=left_out,
        size=seen.size,
        centre=seen.centre,
    )
    label = f"tuning of {layer}" + (f" (grey input: without {', '.join(left_out)})" if left_out else "")
    done, total = 0, sum(map(len, plans.values()))
    progress(done, total, label)
    grey = of_grey(subject, seen)[:, chosen]
    random = {
        name: of_random(subject, seen, STIMULI[name], count=CONTROLS, seed=seed, batch_size=batch_size)
        for name in suited(subject)[0]
    }
    random = {name: said[:, :, chosen] - grey for name, said in random.items()}
    where = _own_position(np.concatenate(list(random.values()))), np.arange(len(chosen))
    found = {}
    for name, plan in plans.items():
        said = answers(subject, seen, STIMULI[name], plan, batch_size=batch_size)[:, :, chosen] - grey
        others = np.concatenate([random[other] for other in random if other != name])
        shown = said[:, *where].reshape(-1, len(option_sets(STIMULI[name])), len(chosen))
        read = _read(STIMULI[name], axis_values(STIMULI[name], steps), shown, others[:, *where], seen)
        read = replace(read, units=chosen, blank=grey[where], provenance=made)
        found[name] = replace(read, z=_normed(read, reference))
        done += len(plan)
        progress(done, total, label)
    return found


def _chosen(subject: Subject, layer: str, units: Sequence[int] | None) -> Int[np.ndarray, "u"]:
    count = layer_named(subject, layer).channels
    if units is None:
        return np.arange(count)
    wrong = [unit for unit in units if not 0 <= unit < count]
    if wrong or not len(units):
        given = f"unit {wrong[0]}" if wrong else "no units"
        raise BadInput(f"{given} of layer {layer!r} of {subject.name}; expected units from 0 to {count - 1}")
    return np.asarray(units, np.int64)


def _own_position(said: Float[np.ndarray, "n p u"]) -> Int[np.ndarray, "u"]:
    """Which of the window's places each unit is read at: the first, which is the middle, unless another is clear."""
    power = np.square(said).mean(axis=0)
    best = power.argmax(axis=0)
    clear = power[best, np.arange(said.shape[2])] > CLEARLY * power[0]
    return np.where(clear, best, 0)


def _read(
    kind: Stimulus,
    places: Sequence[float],
    said: Float[np.ndarray, "k m u"],
    others: Float[np.ndarray, "n u"],
    seen: Window,
) -> Tuning:
    """A Tuning of every column of ``said``: answers less grey at all places along the axis and sets of options."""
    axis = np.asarray(places) * (seen.reach if kind.period is None else 1.0)
    rows, sets = np.arange(said.shape[2]), option_sets(kind)
    place, option = np.unravel_index(said.reshape(-1, said.shape[2]).argmax(0), said.shape[:2])
    turned = np.asarray(half_turned(kind))[option]
    curves = np.maximum(said[:, option, rows], said[:, turned, rows]).T
    peak = curves.max(axis=1)
    spread = np.maximum(others.std(axis=0), LEAST_SPREAD * np.abs(peak))
    faint = FAINT * spread
    mean, resultant = np.full((2, len(rows)), np.nan)
    if kind.period is not None:
        counted = np.where(curves > faint[:, None], curves, 0.0)
        mean, resultant = resultants(axis, counted, period=kind.period)
    return Tuning(
        stimulus=kind.name,
        layer=seen.layer,
        units=rows,
        axis=axis,
        period=kind.period,
        curves=curves,
        blank=np.zeros(len(rows)),
        preferred=np.where(peak > faint, peaks(axis, curves, period=kind.period), np.nan),
        mean=mean,
        resultant=resultant,
        echo=_echo(kind, curves),
        selectivity=np.where(
            spread > 0, (peak - others.mean(axis=0)) / np.where(spread > 0, spread, 1.0), 0.0
        ),
        contrast=contrasts(
            kind, [(places[i], sets[k]) for i, k in zip(place, option, strict=True)], seen.reach
        ),
        options={name: np.array([sets[k][name] for k in option]) for name in kind.options},
        invariance={name: _invariance(kind, name, said[place, :, rows], option) for name in kind.options},
        reach=seen.reach,
    )


def _echo(kind: Stimulus, curves: Float[np.ndarray, "u k"]) -> Float[np.ndarray, "u"]:
    rows, best, count = np.arange(len(curves)), curves.argmax(axis=1), curves.shape[1]
    if kind.period is None:
        return np.full(len(curves), np.nan)
    if kind.period == 180.0:
        return np.ones(len(curves))
    peak = curves[rows, best]
    return np.where(
        peak > 0, curves[rows, (best + count // 2) % count] / np.where(peak > 0, peak, 1.0), np.nan
    )


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
    peak = said[rows, option]
    return np.where(peak > 0, np.maximum(over, 0.0).mean(axis=0) / np.where(peak > 0, peak, 1.0), 0.0)


def _normed(
    read: Tuning, reference: tuple[Float[np.ndarray, "c"], Float[np.ndarray, "c"]] | None
) -> Float[np.ndarray, "u k"] | None:
    if reference is None:
        return None
    mean, spread = (np.asarray(part)[read.units, None] for part in reference)
    return (read.curves + read.blank[:, None] - mean) / np.maximum(spread, np.finfo(np.float32).tiny)
