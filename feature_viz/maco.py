"""MACO: only the phase of a picture's spectrum is optimised; its magnitude is that of photographs."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from feature_viz.parametrize import Canvas, Parametrisation, Shape, correlate_colours
from feature_viz.spectrum import Spectrum, natural_spectrum, spectrum_at


def maco(spectrum: Spectrum | None = None, *, rate: float = 0.6) -> Parametrisation:
    """Pictures whose every frequency is as strong as in photographs, so that none can be exaggerated [fel2023].

    ``spectrum`` is measured from any images by ``measure_spectrum``; without one it follows the 1/f law. The phase
    begins uniform; ``rate`` is in radians. It wants several crops a step, and noise: see RECIPES["maco"].

    >>> way, seed = maco(), torch.Generator().manual_seed(0)
    >>> way.begin([seed], (3, 5, 7), None, torch.device("cpu")).image().shape
    torch.Size([1, 3, 5, 7])
    """

    def begin(
        generators: Sequence[torch.Generator], shape: Shape, given: Tensor | None, device: torch.device
    ) -> Canvas:
        if given is not None:
            raise BadInput("maco cannot start from a given image; pixels and fourier can")
        fixed = natural_spectrum(shape) if spectrum is None else spectrum_at(spectrum, shape)
        magnitude, mean = fixed.magnitude.to(device), fixed.mean.to(device)
        drawn = [
            math.pi * (2 * torch.rand(magnitude.shape, generator=generator) - 1) for generator in generators
        ]
        phase = torch.stack(drawn).to(device).requires_grad_()
        return Canvas([phase], lambda: phase_image(phase, magnitude, mean, shape))

    source = "1/f" if spectrum is None else spectrum.source
    return Parametrisation(f"maco({source})", begin, rate)


def phase_image(
    phase: Float[Tensor, "n c h f"],
    magnitude: Float[Tensor, "c h f"],
    mean: Float[Tensor, "c"],
    shape: Shape,
) -> Float[Tensor, "n c h w"]:
    """The images in [0, 1] whose logits, in decorrelated colours, have this phase, magnitude and mean."""
    picture = torch.fft.irfft2(torch.polar(magnitude.expand_as(phase), phase), s=shape[1:], norm="ortho")
    return correlate_colours(picture + mean[:, None, None]).sigmoid()
