"""waves(): sums of random plane waves, which turn, mirror, scale, and change colour and phase exactly."""

from dataclasses import astuple, dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core import provenance
from core.errors import BadInput
from core.symmetry.views import View
from vision.views.action import Action
from vision.views.seen import Seen, colours, generated

FADE = 1.25
"""Beyond either end of a spectrum waves fade out over this ratio of frequencies."""

_GREY = np.full((3, 3), 1 / 3)


@dataclass(frozen=True)
class Spectrum:
    """How waves are spread over frequencies (cycles per pixel), with density f^(tilt - 1) in frequency f.

    ``tilt`` 0 gives every octave the same power, as photographs have it; 2 gives it to every part of the plane of
    frequencies, as white noise has it. ``lowest`` None is two cycles a picture.
    """

    lowest: float | None = None
    highest: float = 0.35
    tilt: float = 1.0


def waves(
    action: Action,
    *,
    count: int,
    size: tuple[int, int],
    seed: int = 0,
    channels: int = 3,
    each: int = 40,
    spectrum: Spectrum = Spectrum(),
    contrast: float = 0.2,
    chroma: float = 1.0,
) -> Seen:
    """Pictures of ``each`` plane waves about mid grey, of random directions, lengths, phases and colours.

    An element acts on what a wave is, so nothing is resampled and there is no border: turned views are as sharp as
    the first. The pictures' distribution is the same under every element; to that end, where the action scales, more
    waves are drawn than one view shows, and contrast is kept. Values go a little beyond [0, 1] and are not clamped.

    Parameters
    ----------
    size
        height and width in pixels.
    contrast
        standard deviation of every channel, in [0, 1] units.
    chroma
        how colourful: 1 is red, green and blue apart from each other, 0 is grey.

    Raises
    ------
    BadInput
        if the action cannot act on such pictures, or the spectrum is empty or reaches half a cycle a pixel.

    >>> from vision.views.actions import rotation
    >>> views = waves(rotation(4), count=3, size=(32, 32))
    >>> view = next(views.batches(2))
    >>> torch.allclose(view(1), torch.rot90(view(0), 1, (2, 3)), atol=1e-4)
    True
    """
    lowest = 2 / max(size) if spectrum.lowest is None else spectrum.lowest
    band = (lowest, spectrum.highest)
    if not 0 < lowest < spectrum.highest < 0.5 or each < 1:
        raise BadInput(
            f"waves need frequencies within 0 to 0.5 cycles per pixel; got {band[0]:.3g} to {band[1]:.3g}"
        )
    wide = (lowest * action.factors.min(), spectrum.highest * action.factors.max())
    number = round(each * _measure(wide, spectrum.tilt) / _measure(band, spectrum.tilt))

    def draw(numbers: range) -> View:
        drawn = [_drawn((seed, one), number, wide, spectrum.tilt, channels, chroma) for one in numbers]
        frequency, phase, colour = (np.stack(part) for part in zip(*drawn, strict=True))

        def view(element: int) -> Tensor:
            scaling = action.factors[element]
            turned = frequency @ np.linalg.inv(action.spatial[element])
            loud = _inside(np.hypot(*np.moveaxis(turned, -1, 0)), band) * scaling ** (-spectrum.tilt / 2)
            shift = phase + np.sign(frequency[..., 0]) * action.phase[element]
            tint = (
                colour
                @ colours(action, element, channels).T
                * (loud * contrast * (2 / each) ** 0.5)[..., None]
            )
            heard = _loudest(loud)
            rest = heard[..., None]
            turned, tint = (np.take_along_axis(part, rest, 1) for part in (turned, tint))
            return _rendered(turned, np.take_along_axis(shift, heard, 1), tint, size)

        return view

    marks = (seed, count, size, channels, each, *astuple(spectrum), contrast, chroma)
    mark = provenance.fingerprint("waves", action.fingerprint, str(marks))
    return generated(action, draw, count=count, size=size, channels=channels, fingerprint=mark)


def _measure(band: tuple[float, float], tilt: float) -> float:
    """The density's integral over a band."""
    low, high = band
    return float(np.log(high / low) if tilt == 0 else (high**tilt - low**tilt) / tilt)


def _drawn(
    seed: tuple[int, int], each: int, band: tuple[float, float], tilt: float, channels: int, chroma: float
) -> tuple[Float[np.ndarray, "m 2"], Float[np.ndarray, "m"], Float[np.ndarray, "m c"]]:
    """Frequencies (y, x) in cycles per pixel, phases in radians and colours of one picture's waves."""
    random = np.random.default_rng(seed)
    share, angle, phase = random.random((3, each))
    low, high = band
    long = (
        low * (high / low) ** share
        if tilt == 0
        else (low**tilt + share * (high**tilt - low**tilt)) ** (1 / tilt)
    )
    direction = 2 * np.pi * angle
    colour = random.standard_normal((each, channels))
    if channels == 3:
        grey = colour @ _GREY
        colour = (grey + chroma * (colour - grey)) * (3 / (1 + 2 * chroma**2)) ** 0.5
    return np.stack([long * np.sin(direction), long * np.cos(direction)], -1), 2 * np.pi * phase, colour


def _inside(frequency: Float[np.ndarray, "n m"], band: tuple[float, float]) -> Float[np.ndarray, "n m"]:
    """1 within the band, down to 0 smoothly beyond its ends."""
    beyond = np.maximum(band[0] / np.maximum(frequency, 1e-12), frequency / band[1])
    end = min(FADE, 0.5 / band[1])
    return np.cos(np.clip(np.log(np.maximum(beyond, 1)) / np.log(end), 0, 1) * np.pi / 2) ** 2


def _loudest(loud: Float[np.ndarray, "n m"]) -> Int[np.ndarray, "n k"]:
    """The waves that are heard at all, and a few more where another picture has more of them."""
    return np.argsort(loud == 0, axis=1, kind="stable")[:, : int((loud > 0).sum(1).max())]


def _rendered(
    frequency: Float[np.ndarray, "n m 2"],
    phase: Float[np.ndarray, "n m"],
    colour: Float[np.ndarray, "n m c"],
    size: tuple[int, int],
) -> Float[Tensor, "n c h w"]:
    """The waves' sum about 0.5. A wave is a product of one down and one across, so the sum is a matrix product."""
    down, across = (torch.arange(side) - (side - 1) / 2 for side in size)
    angle = torch.from_numpy(2 * np.pi * frequency).float()
    rows = angle[..., :1] * down + torch.from_numpy(phase).float()[..., None]
    columns = angle[..., 1:] * across
    waved = torch.cat([rows.cos(), rows.sin().neg_()], 1)  # n 2m h
    tint = torch.from_numpy(colour).float().repeat(1, 2, 1)  # n 2m c
    left = (tint[..., None] * waved[:, :, None]).flatten(2)
    right = torch.cat([columns.cos(), columns.sin()], 1)
    return torch.bmm(left.mT, right).add_(0.5).view(len(left), -1, *size)
