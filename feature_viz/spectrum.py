"""Spectra of images: how strong each frequency is in a set of photographs, or by the 1/f law; kept as safetensors."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.artifacts import read_metadata, read_tensors, write_tensors
from core.errors import BadInput, Unreadable
from core.progress import Progress, silent
from feature_viz.examples.exemplars import ImageSource
from feature_viz.parametrize import Shape, decorrelated_logits, spectrum_scale
from feature_viz.transforms import resampled

CONTRAST = 1.0
"""Standard deviation of a photograph's pixels as logits; about 0.22 in [0, 1]."""

DECAY = 1.25
"""Magnitude falls with frequency to this power: the slope of 200 ImageNet photographs at 224 pixels."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Mean magnitude (c, h, w // 2 + 1) of an orthonormal real FFT, and mean (c,), of images as logits.

    Of three channels the decorrelated colours are meant. ``source`` says of which images, ``count`` how many.
    """

    magnitude: Float[Tensor, "c h f"] = field(repr=False)
    mean: Float[Tensor, "c"] = field(repr=False)
    width: int
    source: str = "1/f"
    count: int = 0

    @property
    def shape(self) -> Shape:
        """Channels, height and width of the images that have it."""
        return (*self.magnitude.shape[:2], self.width)


def natural_spectrum(shape: Shape, *, decay: float = DECAY) -> Spectrum:
    """The law that photographs follow, magnitude 1 / frequency^decay [field1987], with their contrast; mid-grey.

    >>> natural_spectrum((1, 4, 4)).magnitude[0, 0].tolist()[0]
    0.0
    """
    channels, height, width = shape
    magnitude = spectrum_scale(height, width, decay=decay).expand(channels, -1, -1).clone()
    magnitude[:, 0, 0] = 0.0
    # A unit of each decorrelated colour gives red, green and blue logits of deviation 0.6.
    wanted = CONTRAST / 0.6 if channels == 3 else CONTRAST
    return Spectrum(
        magnitude * (wanted / deviation(magnitude, width))[:, None, None], torch.zeros(channels), width
    )


def measure_spectrum(
    images: ImageSource, *, size: int = 256, batch_size: int = 64, progress: Progress = silent
) -> Spectrum:
    """The mean magnitude of every frequency over all images, brought to ``size`` pixels a side [fel2023].

    Memory does not grow with the number of images.

    >>> class Two:
    ...     fingerprint, size = "two", (8, 8)
    ...     def __len__(self):
    ...         return 2
    ...     def batches(self, batch_size):
    ...         yield torch.rand((2, 1, 8, 8))
    >>> measure_spectrum(Two(), size=8)
    Spectrum(width=8, source='two', count=2)
    """
    if size < 2:
        raise BadInput(f"size is {size} pixels; a spectrum needs at least 2")
    total, mean, count = torch.zeros(()), torch.zeros(()), 0
    for batch in images.batches(batch_size):
        logits = decorrelated_logits(resampled(batch, (size, size)))
        average = logits.mean((2, 3), keepdim=True)
        # In float64 the sums hardly depend on how the images are batched.
        total = total + torch.fft.rfft2(logits - average, norm="ortho").abs().double().sum(0)
        mean, count = mean + average.flatten(1).double().sum(0), count + len(batch)
        progress(count, len(images), "spectrum")
    if not count:
        raise BadInput("a spectrum was asked of no images at all; give at least one")
    return Spectrum((total / count).float(), (mean / count).float(), size, images.fingerprint, count)


def deviation(magnitude: Float[Tensor, "c h f"], width: int) -> Float[Tensor, "c"]:
    """Standard deviation of the pixels of images of this spectrum, the mean left out.

    >>> picture = torch.randn(2, 6, 7)
    >>> found = deviation(torch.fft.rfft2(picture, norm="ortho").abs(), 7)
    >>> torch.allclose(found, picture.flatten(1).std(1, unbiased=False), atol=1e-5)
    True
    """
    twice = torch.full((magnitude.shape[2],), 2.0)  # half of the columns are left out by the real FFT
    twice[0] = 1.0
    if width % 2 == 0:
        twice[-1] = 1.0
    power = magnitude.square() * twice.to(magnitude)
    power[:, 0, 0] = 0.0
    return (power.sum((1, 2)) / (magnitude.shape[1] * width)).sqrt()


def spectrum_at(spectrum: Spectrum, shape: Shape) -> Spectrum:
    """The same spectrum for pictures of another size, with the contrast kept; of one channel for any number.

    Magnitude divided by the 1/f law's is smooth, so that is interpolated, over cycles a pixel; beyond the lowest
    frequency that was measured it goes on by that law.

    >>> spectrum_at(natural_spectrum((1, 16, 16)), (1, 24, 9)).magnitude.shape
    torch.Size([1, 24, 5])
    """
    channels, height, width = shape
    if spectrum.shape[0] not in (1, channels):
        raise BadInput(
            f"the spectrum of {spectrum.source!r} has {spectrum.shape[0]} channels and the picture {channels}"
        )
    mean, magnitude = spectrum.mean.expand(channels), spectrum.magnitude.expand(channels, -1, -1)
    if spectrum.shape[1:] == (height, width):
        return Spectrum(magnitude, mean, width, spectrum.source, spectrum.count)
    smooth = magnitude / spectrum_scale(spectrum.shape[1], spectrum.width, decay=DECAY)
    smooth[:, 0, 0] = (smooth[:, 0, 1] + smooth[:, 1, 0]) / 2
    resized = _interpolated(smooth, spectrum.width, height, width) * spectrum_scale(
        height, width, decay=DECAY
    )
    resized[:, 0, 0] = 0.0
    gain = deviation(magnitude, spectrum.width) / deviation(resized, width).clamp_min(1e-12)
    return Spectrum(resized * gain[:, None, None], mean, width, spectrum.source, spectrum.count)


def _interpolated(values: Float[Tensor, "c h f"], width: int, high: int, wide: int) -> Float[Tensor, "c g e"]:
    """Values on one real FFT's grid of frequencies read at another's."""
    old, columns = values.shape[1:]
    rows = torch.fft.fftfreq(high) * old + old // 2  # where the frequency lies once rows are sorted
    across = torch.fft.rfftfreq(wide) * width
    y = 2 * rows / max(old - 1, 1) - 1
    x = 2 * across / max(columns - 1, 1) - 1
    grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], 2)
    ordered = torch.fft.fftshift(values, dim=1)
    return F.grid_sample(ordered[None], grid[None], align_corners=True, padding_mode="border")[0]


def write_spectrum(path: str | Path, spectrum: Spectrum) -> None:
    """Write a spectrum as safetensors."""
    about = {"source": spectrum.source, "count": str(spectrum.count), "width": str(spectrum.width)}
    write_tensors(path, {"magnitude": spectrum.magnitude, "mean": spectrum.mean}, about)


def read_spectrum(path: str | Path) -> Spectrum:
    """Read a spectrum that ``write_spectrum`` wrote.

    Raises
    ------
    Unreadable
        if the file is missing, cut short, or holds something else.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "spectrum.safetensors"
    >>> write_spectrum(path, natural_spectrum((1, 8, 8)))
    >>> read_spectrum(path)
    Spectrum(width=8, source='1/f', count=0)
    """
    tensors, about = read_tensors(path), read_metadata(path)
    if not {"magnitude", "mean"} <= set(tensors) or not {"source", "count", "width"} <= set(about):
        raise Unreadable(
            f"{str(path)!r} holds {', '.join(sorted(tensors))}; a spectrum has magnitude and mean"
        )
    return Spectrum(
        tensors["magnitude"], tensors["mean"], int(about["width"]), about["source"], int(about["count"])
    )
