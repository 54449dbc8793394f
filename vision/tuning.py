"""tuning(): how strongly each unit of a layer answers synthetic stimuli, over their orientation, hue or radius."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from core.errors import BadInput
from core.progress import Progress, silent
from core.provenance import provenance
from core.subject import Subject, layer_named
from vision.showing import answers, of_grey, of_random, option_sets
from vision.stimuli import STIMULI, axis_values, stimulus_named
from vision.tuning_curves import Tuning, alike, read
from vision.window import window

__all__ = ["Tuning", "alike", "suited", "tuning"]

CONTROLS = 6
"""Pictures of each kind, drawn at random, in four directions each; they say where a unit looks, how much is much."""
CLEARLY = 1.5
"""A neighbouring position is taken for a unit's own if its answers have at least so many times the power there."""


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
        places, count = axis_values(STIMULI[name], steps), len(option_sets(STIMULI[name]))
        one = read(
            STIMULI[name],
            places,
            said[:, *where].T.reshape(len(chosen), len(places), count),
            others[:, *where].T,
            layer=layer,
            reach=seen.reach,
        )
        one = replace(one, units=chosen, blank=grey[where], provenance=made)
        found[name] = replace(one, z=_normed(one, reference))
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


def _normed(
    read: Tuning, reference: tuple[Float[np.ndarray, "c"], Float[np.ndarray, "c"]] | None
) -> Float[np.ndarray, "u k"] | None:
    if reference is None:
        return None
    mean, spread = (np.asarray(part)[read.units, None] for part in reference)
    return (read.curves + read.blank[:, None] - mean) / np.maximum(spread, np.finfo(np.float32).tiny)
