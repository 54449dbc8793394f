"""What a layer's units say of stimuli shown in their window: of every picture of a kind, of random ones, of grey."""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float

from core.subject import Subject
from vision.stimuli import Stimulus, axis_values, draw
from vision.stimuli.plane import plane
from vision.window import Window, responses

Options = Mapping[str, float]


def option_sets(kind: Stimulus) -> list[Options]:
    """Every combination of a stimulus's options.

    >>> from vision.stimuli import STIMULI
    >>> option_sets(STIMULI["ramps"])
    [{'width': 0.5}, {'width': 1.0}, {'width': 2.0}]
    """
    return [
        dict(zip(kind.options, values, strict=True)) for values in itertools.product(*kind.options.values())
    ]


def half_turned(kind: Stimulus) -> list[int]:
    """For each of ``option_sets`` the one that shows the same picture half a turn on; itself where nothing is odd.

    >>> from vision.stimuli import STIMULI
    >>> half_turned(STIMULI["gabors"])[:4]
    [0, 3, 2, 1]
    """
    sets = option_sets(kind)

    def turned(options: Options) -> Options:
        return {
            name: (360.0 - value) % 360.0 if name == "phase" else -value if name in kind.odd else value
            for name, value in options.items()
        }

    return [sets.index(turned(options)) for options in sets] if kind.odd else list(range(len(sets)))


def answers(
    subject: Subject,
    seen: Window,
    kind: Stimulus,
    pictures: Sequence[tuple[float, Options]],
    *,
    batch_size: int,
) -> Float[np.ndarray, "n p u"]:
    """Of pictures of one kind - place along the axis and options - at each of the window's places, for all units."""
    on = plane(seen.size, centre=seen.centre, reach=seen.reach, device=subject.device)
    parts = []
    for start in range(0, len(pictures), batch_size):
        batch = pictures[start : start + batch_size]
        images = draw(
            kind,
            [place for place, _ in batch],
            [options for _, options in batch],
            on=on,
            channels=subject.spec.shape[0],
        )
        parts.append(responses(subject, images, seen).cpu().numpy())
    return np.concatenate(parts)


def of_grey(subject: Subject, seen: Window) -> Float[np.ndarray, "p u"]:
    """Of plain grey, at each of the window's places."""
    grey = torch.full((1, subject.spec.shape[0], *seen.size), 0.5)
    return responses(subject, grey, seen)[0].cpu().numpy()


def of_random(
    subject: Subject, seen: Window, kind: Stimulus, *, count: int, seed: int, batch_size: int
) -> Float[np.ndarray, "n p u"]:
    """Of ``count`` pictures of a kind drawn at random, each of them turned by 0, 90, 180 and 270 degrees.

    What is read off them then favours no direction.
    """
    generator = np.random.default_rng([seed, *kind.name.encode()])
    sets, places = option_sets(kind), axis_values(kind, 24)
    pictures = []
    for _ in range(count):
        place, options = places[generator.integers(len(places))], sets[generator.integers(len(sets))]
        for quarter in (0.0, 90.0, 180.0, 270.0):
            if kind.axis == "orientation":
                pictures.append((place + quarter, options))
            elif "orientation" in options:
                pictures.append((place, {**options, "orientation": options["orientation"] + quarter}))
            else:  # it has no direction
                pictures.append((place, options))
    return answers(subject, seen, kind, pictures, batch_size=batch_size)


def contrasts(
    kind: Stimulus, pictures: Sequence[tuple[float, Options]], reach: float
) -> Float[np.ndarray, "n"]:
    """Root mean square, over a field of that radius, of what pictures differ from grey by; 1 for black and white.

    >>> from vision.stimuli import STIMULI
    >>> contrasts(STIMULI["edges"], [(0.0, {"offset": 0.0})], 20.0).round(1).tolist()
    [1.0]
    """
    side = 2 * math.ceil(reach) + 1
    on = plane((side, side), reach=reach)
    field = (torch.hypot(on.x, on.y) <= reach)[:, None]
    different, index = np.unique(
        [[place, *options.values()] for place, options in pictures], axis=0, return_inverse=True
    )
    found = []
    for place, *values in different:
        picture = draw(kind, [place], dict(zip(kind.options, values, strict=True)), on=on)
        found.append(float((2 * picture - 1)[field.expand_as(picture)].square().mean().sqrt()))
    return np.array(found)[index.reshape(-1)]
