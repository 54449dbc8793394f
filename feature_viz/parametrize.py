"""Parametrisations: what is optimised instead of the image itself, and how it becomes an image in [0, 1]."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.subject import Subject

COLOUR_CORRELATION = (
    (0.26, 0.09, 0.02),
    (0.27, 0.00, -0.05),
    (0.27, -0.09, 0.03),
)
"""Square root of the covariance of ImageNet's red, green and blue, from lucid [olah2017]."""

INSIDE = (0.01, 0.99)
"""Given images are kept within these, whose logits are finite and can still be moved."""

SOFTNESS = 4.0
"""Lucid divides the picture by this before the sigmoid, which keeps colours from saturating."""


Shape = tuple[int, int, int]
"""Channels, height and width of an image."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """A batch of images while they are made: the tensors that are optimised, and the images that they stand for.

    ``image()`` gives (n, c, h, w) in [0, 1] and lets gradients through to ``parameters``.
    """

    parameters: Sequence[Tensor]
    image: Callable[[], Tensor]


Settle = Callable[[Subject, Sequence[Any], Tensor], Tensor]
"""Subject, objectives and an image for each, to possible inputs."""


@dataclass(frozen=True)
class Parametrisation:
    """How a batch of images begins: one generator an image, their shape, and images to start from, or None.

    Steps of one size mean different things to each, so ``rate`` is the learning rate that suits it. Where ``images``
    are made of one piece, every target gets that many; where ``shape`` is given, no other can be made. Where not every
    image is a possible input, ``settle`` finds possible ones for the objectives from those that the ascent ended with.
    """

    name: str
    begin: Callable[[Sequence[torch.Generator], Shape, Tensor | None, torch.device], Canvas]
    rate: float
    images: int = 1
    shape: Shape | None = None
    settle: Settle | None = None


def stacked(
    name: str,
    start: Callable[[torch.Generator, Shape], Tensor],
    image: Callable[[Tensor, Shape], Tensor],
    *,
    rate: float,
    inverse: Callable[[Tensor], Tensor] | None = None,
) -> Parametrisation:
    """A parametrisation whose images' parameters are drawn one by one and kept in one tensor.

    ``start`` draws one image's parameters, ``image`` makes a batch of them images, ``inverse`` finds the parameters
    of a batch of images to start from.
    """

    def begin(
        generators: Sequence[torch.Generator], shape: Shape, given: Tensor | None, device: torch.device
    ) -> Canvas:
        if given is None:
            parameters = torch.stack([start(generator, shape) for generator in generators]).to(device)
        elif inverse is None:
            raise BadInput(f"{name} cannot start from a given image; pixels and fourier can")
        else:
            parameters = inverse(given.to(device))
        parameters = parameters.detach().requires_grad_()
        return Canvas([parameters], lambda: image(parameters, shape))

    return Parametrisation(name, begin, rate)


def pixels(*, sd: float = 0.3, rate: float = 0.1) -> Parametrisation:
    """One parameter a pixel and channel, through a sigmoid: the plain way, noisy in what the network ignores.

    >>> pixels().name
    'pixels(sd=0.3)'
    """

    def start(generator: torch.Generator, shape: Shape) -> Tensor:
        return sd * torch.randn(shape, generator=generator)

    return stacked(
        f"pixels(sd={sd:g})",
        start,
        lambda parameters, _: parameters.sigmoid(),
        rate=rate,
        inverse=lambda images: images.clamp(*INSIDE).logit(),
    )


def fourier(*, sd: float = 0.1, decay: float = 1.25, rate: float = 0.08) -> Parametrisation:
    """Spectrum in decorrelated colours: image = sigmoid(decorrelate(irfft(spectrum x scale))) [olah2017].

    ``scale`` falls with frequency to the power ``decay``, as the spectra of photographs do, so that equal steps
    change equal shares of every frequency; 1.25 gives calmer grounds than lucid's 1. Lucid's sd of 0.01 starts
    from flat grey, where many ReLU units are dead; 0.1 starts from faint coloured clouds. Images of any size, of
    one or three channels.

    >>> way, seed = fourier(), torch.Generator().manual_seed(0)
    >>> way.begin([seed], (3, 5, 7), None, torch.device("cpu")).image().shape
    torch.Size([1, 3, 5, 7])
    """

    def start(generator: torch.Generator, shape: Shape) -> Tensor:
        channels, height, width = shape
        return sd * torch.randn((channels, height, width // 2 + 1, 2), generator=generator)

    def image(parameters: Tensor, shape: Shape) -> Tensor:
        scale = spectrum_scale(*shape[1:], decay=decay).to(parameters)
        spectrum = torch.view_as_complex(parameters * scale[..., None])
        picture = torch.fft.irfft2(spectrum, s=shape[1:], norm="ortho") / SOFTNESS
        return correlate_colours(picture).sigmoid()

    def inverse(images: Tensor) -> Tensor:
        picture = decorrelated_logits(images) * SOFTNESS
        scale = spectrum_scale(*images.shape[2:], decay=decay).to(images)
        return torch.view_as_real(torch.fft.rfft2(picture, norm="ortho")) / scale[..., None]

    return stacked(f"fourier(sd={sd:g}, decay={decay:g})", start, image, rate=rate, inverse=inverse)


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
    return torch.einsum("rc,nchw->nrhw", _mixing().to(picture), picture)


def decorrelate_colours(picture: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """The inverse of ``correlate_colours``.

    >>> picture = torch.rand(1, 3, 4, 4)
    >>> torch.allclose(decorrelate_colours(correlate_colours(picture)), picture, atol=1e-5)
    True
    """
    if picture.shape[1] != 3:
        return picture
    return torch.einsum("cr,nrhw->nchw", _mixing().inverse().to(picture), picture)


def decorrelated_logits(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Images in [0, 1] as what is optimised: the inverse of sigmoid after ``correlate_colours``.

    >>> images = 0.1 + 0.8 * torch.rand(1, 3, 4, 4)
    >>> torch.allclose(correlate_colours(decorrelated_logits(images)).sigmoid(), images, atol=1e-5)
    True
    """
    return decorrelate_colours(images.clamp(*INSIDE).logit())


def _mixing() -> Float[Tensor, "3 3"]:
    matrix = torch.tensor(COLOUR_CORRELATION)
    return matrix / matrix.norm(dim=0).max()
