"""planted_views(): images of plane waves, exact under every element, because it acts on the waves and not on pixels."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.provenance import fingerprint
from core.symmetry.groups import Group
from core.symmetry.views import View
from core.testing.families.acts import Act

WAVES = 12
HIGHEST = 1.8
"""The highest frequency of waves, in radians a pixel: between pixels, answers are still smooth."""

FINEST = 2.6
"""Where scale varies, what is beyond this frequency under an element is not shown: pixels could not."""

CONTRAST = 0.06
"""About how far a pixel is from grey: the standard deviation, in each channel."""


@dataclass(frozen=True, eq=False)
class Waves:
    """Images (n) around grey, each the sum over its m waves of colour cos(frequency . (y, x) + phase)."""

    frequency: Float[np.ndarray, "n m 2"]
    phase: Float[np.ndarray, "n m"]
    colour: Float[np.ndarray, "n m 3"]


def drawn_waves(rng: np.random.Generator, act: Act, count: int) -> Waves:
    """Waves in all directions and colours, no frequency preferred; where scale varies, no octave preferred."""
    shape = (count, WAVES)
    reach = float(act.scale.max())
    part, angle = rng.random(shape), rng.uniform(0, 2 * np.pi, shape)
    if reach > 1:
        low, high = 0.2 / reach, FINEST * reach
        frequency = low * (high / low) ** part
    else:
        frequency = HIGHEST * np.sqrt(0.01 + 0.99 * part)
    colour = rng.normal(size=(*shape, 3))
    colour *= rng.uniform(0.3, 1.0, shape)[..., None] / np.linalg.norm(colour, axis=-1, keepdims=True)
    # The lengths of all colours add up to half the range, so that no hue takes a pixel out of [0, 1].
    colour *= 0.5 / np.linalg.norm(colour, axis=-1).sum(1)[:, None, None]
    vector = frequency[..., None] * np.stack([np.sin(angle), np.cos(angle)], -1)
    return Waves(vector, rng.uniform(0, 2 * np.pi, shape), colour)


def shown(waves: Waves, act: Act, element: int, size: int) -> Float[Tensor, "n 3 s s"]:
    """The images under an element, in [0, 1]."""
    frequency = waves.frequency @ np.linalg.inv(act.spatial[element])
    # Fades out before frequencies that would come back as others; the same for all of one length.
    seen = 1 / (1 + (np.linalg.norm(frequency, axis=-1) / FINEST) ** 24)
    colour = (waves.colour * seen[..., None]) @ act.colour[element].T
    point = np.arange(size) - (size - 1) / 2
    rows = np.exp(1j * (frequency[..., :1] * point + waves.phase[..., None])).transpose(0, 2, 1)
    columns = np.exp(1j * frequency[..., 1:] * point)
    coloured = (colour.transpose(0, 2, 1)[:, :, :, None] * columns[:, None]).astype(np.complex64)
    images = (rows.astype(np.complex64)[:, None] @ coloured).real
    return torch.from_numpy(0.5 + np.ascontiguousarray(images, dtype=np.float32))


@dataclass(frozen=True, eq=False)
class WaveViews:
    """Images of plane waves under every element of a group: Views for planted families."""

    act: Act
    waves: Waves = field(repr=False)
    size: tuple[int, int]

    @property
    def group(self) -> Group:
        return self.act.group

    @property
    def places(self) -> Float[np.ndarray, "g 2 2"]:
        return self.act.spatial

    @property
    def valid(self) -> float:
        return 1.0

    @property
    def fingerprint(self) -> str:
        waves = self.waves
        return fingerprint(
            self.group.name,
            self.act.spatial,
            self.act.colour,
            waves.frequency,
            waves.phase,
            waves.colour,
            self.size,
        )

    def __len__(self) -> int:
        return len(self.waves.phase)

    def batches(self, batch_size: int) -> Iterator[View]:
        for start in range(0, len(self), batch_size):
            yield self._view(slice(start, start + batch_size))

    def _view(self, part: slice) -> View:
        waves = Waves(self.waves.frequency[part], self.waves.phase[part], self.waves.colour[part])
        return lambda element: shown(waves, self.act, element, self.size[0])


def wave_views(act: Act, *, count: int, size: int, seed: int) -> WaveViews:
    """``count`` images of ``size`` pixels a side.

    Raises
    ------
    BadInput
        if there are no images.
    """
    if count < 1:
        raise BadInput(f"views need at least one image; got {count}")
    return WaveViews(act, drawn_waves(np.random.default_rng([seed, 1]), act, count), (size, size))
