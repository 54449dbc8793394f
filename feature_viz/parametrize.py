"""Parametrisations: what is optimised instead of the image itself, and how it becomes an image in [0, 1]."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

COLOUR_CORRELATION = (
    (0.26, 0.09, 0.02),
    (0.27, 0.00, -0.05),
    (0.27, -0.09, 0.03),
)
"""Square root of the covariance of ImageNet's red, green and blue, from lucid [olah2017]."""

SOFTNESS = 4.0
"""Lucid divides the picture by this before the sigmoid, which keeps colours from saturating."""


@dataclass(frozen=True)
class Parametrisation:
    """How to draw one image's parameters, and how a batch of them becomes images (n, c, h, w) in [0, 1].

    ``start(generator, shape)`` draws for one image of shape (c, h, w); ``image(parameters, shape)`` takes a
    batch. Steps of one size mean different things to each, so ``rate`` is the learning rate that suits it.
    """

    name: str
    start: Callable[[torch.Generator, tuple[int, int, int]], Tensor]
    image: Callable[[Tensor, tuple[int, int, int]], Tensor]
    rate: float


def pixels(*, sd: float = 0.3, rate: float = 0.1) -> Parametrisation:
    """One parameter a pixel and channel, through a sigmoid: the plain way, noisy in what the network ignores.

    >>> way = pixels()
    >>> way.image(way.start(torch.Generator().manual_seed(0), (1, 5, 4))[None], (1, 5, 4)).shape
    torch.Size([1, 1, 5, 4])
    """

    def start(generator: torch.Generator, shape: tuple[int, int, int]) -> Tensor:
        return sd * torch.randn(shape, generator=generator)

    return Parametrisation(f"pixels(sd={sd:g})", start, lambda parameters, _: parameters.sigmoid(), rate)


def fourier(*, sd: float = 0.1, decay: float = 1.25, rate: float = 0.08) -> Parametrisation:
    """Spectrum in decorrelated colours: image = sigmoid(decorrelate(irfft(spectrum x scale))) [olah2017].

    ``scale`` falls with frequency to the power ``decay``, as the spectra of photographs do, so that equal steps
    change equal shares of every frequency; 1.25 gives calmer grounds than lucid's 1. Lucid's sd of 0.01 starts
    from flat grey, where many ReLU units are dead; 0.1 starts from faint coloured clouds. Images of any size, of
    one or three channels.

    >>> way = fourier()
    >>> way.image(way.start(torch.Generator().manual_seed(0), (3, 5, 7))[None], (3, 5, 7)).shape
    torch.Size([1, 3, 5, 7])
    """

    def start(generator: torch.Generator, shape: tuple[int, int, int]) -> Tensor:
        channels, height, width = shape
        return sd * torch.randn((channels, height, width // 2 + 1, 2), generator=generator)

    def image(parameters: Tensor, shape: tuple[int, int, int]) -> Tensor:
        scale = spectrum_scale(*shape[1:], decay=decay).to(parameters)
        spectrum = torch.view_as_complex(parameters * scale[..., None])
        picture = torch.fft.irfft2(spectrum, s=shape[1:], norm="ortho") / SOFTNESS
        return correlate_colours(picture).sigmoid()

    return Parametrisation(f"fourier(sd={sd:g}, decay={decay:g})", start, image, rate)


def spectrum_scale(height: int, width: int, *, decay: float = 1.0) -> Float[Tensor, "h f"]:
    """1 / frequency^decay at every point of a real FFT; the mean gets the lowest frequency's scale.

    >>> spectrum_scale(4, 4)[0].tolist()
    [4.0, 4.0, 2.0]
    """
    rows = torch.fft.fftfreq(height)[:, None]
    columns = torch.fft.rfftfreq(width)[None]
    frequency = (rows.square() + columns.square()).sqrt().clamp_min(1 / max(height, width))
    return frequency**-decay


def correlate_colours(picture: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Decorrelated channels to red, green and blue that vary together as in photographs; others unchanged."""
    if picture.shape[1] != 3:
        return picture
    matrix = picture.new_tensor(COLOUR_CORRELATION)
    matrix = matrix / matrix.norm(dim=0).max()
    return torch.einsum("rc,nchw->nrhw", matrix, picture)
