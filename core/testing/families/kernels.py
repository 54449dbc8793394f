"""Kernel: a filter as a sum of windowed waves with colours, so that it can be turned, mirrored or scaled exactly."""

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from jaxtyping import Float

from core.testing.families.acts import MIRROR, Act, hue_turned, turned


@dataclass(frozen=True, eq=False)
class Kernel:
    """The sum over m of colour exp(-|p - centre|^2 / 2 width^2) cos(frequency . p + phase), p = (y, x) in pixels.

    All of it fades beyond ``reach`` from the middle, and its mean is taken out, colour by colour.
    """

    frequency: Float[np.ndarray, "m 2"]
    phase: Float[np.ndarray, "m"]
    centre: Float[np.ndarray, "m 2"]
    width: Float[np.ndarray, "m"]
    colour: Float[np.ndarray, "m 3"]
    reach: float


def drawn_kernel(rng: np.random.Generator, *, reach: float = 3.6, highest: float = 1.4) -> Kernel:
    """One to four waves of random frequency, place, width and colour: a Gabor, an edge, a corner, a blend.

    Frequencies go up to ``highest``, in radians per pixel where ``reach`` is 3.6 pixels.
    """
    waves = int(rng.integers(1, 5))
    angle, away = rng.uniform(0, 2 * np.pi, (2, waves))
    tied = rng.random() < 0.4  # all in one colour, as most first-layer filters are
    colour = rng.normal(size=(1 if tied else waves, 3)) + rng.normal() * (rng.random() < 0.5)
    size = reach / 3.6
    return Kernel(
        frequency=rng.uniform(0.4, highest, (waves, 1)) / size * _unit(angle),
        phase=rng.uniform(0, 2 * np.pi, waves),
        centre=1.5 * size * np.sqrt(rng.random((waves, 1))) * _unit(away),
        width=size * rng.uniform(1.0, 1.9, waves),
        colour=np.tile(colour, (waves // len(colour), 1)),
        reach=reach,
    )


def carried_kernel(kernel: Kernel, act: Act, element: int) -> Kernel:
    """What answers to images under the element as ``kernel`` answers to them as they are."""
    return _moved(kernel, act.spatial[element], act.colour[element])


def summed_kernel(kernels: list[Kernel]) -> Kernel:
    """Kernels of one reach, added up."""
    return reduce(_added, kernels)


def strange_kernel(kernel: Kernel, rng: np.random.Generator) -> Kernel:
    """``kernel`` under something at random, which is in one group and not in another: nearly a member."""
    strange = (
        (MIRROR, np.eye(3)),
        (turned(rng.uniform(60, 120)), np.eye(3)),
        (np.eye(2), hue_turned(rng.uniform(90, 270))),
        (np.eye(2), -np.eye(3)),
    )
    return _moved(kernel, *strange[rng.integers(len(strange))])


def rendered_kernel(kernel: Kernel, size: int) -> Float[np.ndarray, "3 k k"]:
    """The kernel on a grid of ``size`` pixels a side.

    >>> rendered_kernel(drawn_kernel(np.random.default_rng(0)), 9).shape
    (3, 9, 9)
    """
    point = np.arange(size) - (size - 1) / 2
    # A windowed wave is a product of one down and one across.
    down, across = (
        np.exp(
            -((point - kernel.centre[:, axis, None]) ** 2) / (2 * kernel.width[:, None] ** 2)
            + 1j * kernel.frequency[:, axis, None] * point
        )
        for axis in (0, 1)
    )
    coloured = (kernel.colour * np.exp(1j * kernel.phase)[:, None]).T
    window = np.exp(-(((point[:, None] ** 2 + point**2) / kernel.reach**2) ** 2))
    values = ((coloured[:, None] * down.T) @ across).real * window
    means = values.sum((1, 2)) / window.sum()
    return np.asarray(values - window * means[:, None, None])


def _moved(kernel: Kernel, spatial: np.ndarray, colour: np.ndarray) -> Kernel:
    (a, b), (c, d) = spatial.tolist()
    area = abs(a * d - b * c)
    scale = area**0.5
    return replace(
        kernel,
        frequency=kernel.frequency @ spatial.T / area,  # the inverse: angles stay as they are
        centre=kernel.centre @ spatial.T,
        width=scale * kernel.width,
        colour=kernel.colour @ colour.T / area,
        reach=scale * kernel.reach,
    )


def _added(one: Kernel, other: Kernel) -> Kernel:
    return Kernel(
        frequency=np.concatenate([one.frequency, other.frequency]),
        phase=np.concatenate([one.phase, other.phase]),
        centre=np.concatenate([one.centre, other.centre]),
        width=np.concatenate([one.width, other.width]),
        colour=np.concatenate([one.colour, other.colour]),
        reach=one.reach,
    )


def _unit(angle: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(angle), np.cos(angle)], -1)
