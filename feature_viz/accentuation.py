"""Accentuation and caricature: pictures made from a real image, near it or in its spirit."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.errors import BadInput
from core.layers import as_maps
from core.progress import Progress, silent
from core.provenance import fingerprint
from core.subject import Subject, layer_named
from feature_viz.ascent import look
from feature_viz.feature_image import FeatureImage
from feature_viz.objectives import Objective, Seen, Wanted, objective
from feature_viz.optimize import render
from feature_viz.parametrize import INSIDE, correlate_colours, decorrelated_logits, fourier, spectrum_scale
from feature_viz.recipes import Recipe
from feature_viz.redirection import redirected_relus
from feature_viz.spectrum import DECAY
from feature_viz.transforms import Wobble

GENTLE = Wobble(shift=0.02, zoom=0.03, turn=3.0)
"""Transforms that leave things about where they are in the given image."""

ACCENTUATION = Recipe(fourier(rate=0.05), GENTLE, steps=64)
CARICATURE = Recipe(wobble=GENTLE)

Change = Callable[[Tensor], Tensor]
"""How far images (n, c, h, w) are from a given one, as a share of it: (n,)."""


def accentuate(
    subject: Subject,
    images: Float[Tensor, "n c h w"],
    targets: Sequence[Wanted],
    *,
    strength: float = 1.0,
    layer: str | None = None,
    seed: int = 0,
    recipe: Recipe = ACCENTUATION,
    progress: Progress = silent,
) -> tuple[FeatureImage, ...]:
    """Every image changed so that its target rises, and no more than that takes [hamblin2024].

    What is raised is the target minus ``strength`` times the squared change, as a share of the image: of its
    spectrum, weighted as photographs are, or of the activations of ``layer``, best an early one: then what is added
    lies less like a veil over what is there. The target counts in units of its rise for a change of the whole along
    the gradient, so that a first-order rise would be stopped at a change of 1 / (2 x strength) whatever the network.
    ``activation`` is the target's, ``trace`` that of the difference.

    Raises
    ------
    BadInput
        if there is not one image per target, or the target does not depend on ``layer``.

    >>> from core.targets import Unit
    >>> from core.testing import planted_classifier
    >>> image = torch.rand((1, 3, 12, 12), generator=torch.Generator().manual_seed(0))
    >>> made, = accentuate(planted_classifier(seed=0), image, [Unit("conv", 1)])
    >>> bool(made.trace[-1] > made.trace[0])
    True
    """
    if strength < 0:
        raise BadInput(f"strength is {strength}; at least 0 is expected")
    if len(images) != len(targets):
        raise BadInput(
            f"{len(images)} images and {len(targets)} targets were given; one image a target is expected"
        )
    wanted = [objective(subject, target) for target in targets]
    held = [
        near(subject, each, image, strength=strength, layer=layer)
        for each, image in zip(wanted, images, strict=True)
    ]
    made = render(subject, held, start=images, seed=seed, recipe=recipe, progress=progress)
    pictures = torch.stack([each.image for each in made])
    ends = accumulate(each.images for each in wanted)
    reached = [
        _values(subject, each, pictures[end - each.images : end])
        for each, end in zip(wanted, ends, strict=True)
    ]
    activations = torch.cat(reached).tolist()
    return tuple(replace(one, activation=value) for one, value in zip(made, activations, strict=True))


def near(
    subject: Subject,
    wanted: Objective,
    image: Float[Tensor, "c h w"],
    *,
    strength: float = 1.0,
    layer: str | None = None,
) -> Objective:
    """The objective in units of its own slope, minus ``strength`` times the squared change from ``image``."""
    change, slope = _spectral(subject, wanted, image) if layer is None else _at(subject, wanted, image, layer)
    scale = 1.0 if slope == 0 else 1 / slope
    place = "spectrum" if layer is None else layer
    text = f"{wanted} near {fingerprint(image)} in {place}, strength {strength:g}"

    def value(seen: Seen) -> Tensor:
        if seen.images is None:
            raise BadInput(f"{text} looks at the picture itself, which is not known here")
        return scale * wanted.value(seen) - strength * change(seen.images)

    return replace(wanted, text=text, value=value)


def caricature(
    subject: Subject, layer: str, image: Float[Tensor, "c h w"], *, cosine_power: float = 1.0
) -> Objective:
    """Activations of a layer that point as the image's do, only further [olah2018].

    Projection on them, in multiples of theirs, times the cosine similarity to a power, at all places at once: the
    picture must have the image's size.

    >>> from core.testing import planted_classifier
    >>> print(caricature(planted_classifier(seed=0), "conv", torch.zeros(3, 12, 12)).layers)
    frozenset({'conv'})
    """
    layer_named(subject, layer)
    reference = capture(subject, image[None], [layer])[layer].flatten(1)
    length = reference.norm().clamp_min(1e-12)

    def value(seen: Seen) -> Tensor:
        values = seen.layers[layer].flatten(1)
        if values.shape[1] != reference.shape[1]:
            raise BadInput(
                f"a caricature of an image of {' x '.join(map(str, image.shape[1:]))} pixels has to be of its size"
            )
        towards = reference.to(values)
        cosine = F.cosine_similarity(values, towards, dim=1)
        return (values * towards).sum(1) / length**2 * cosine.clamp_min(0.1) ** cosine_power

    text = f"caricature({layer}, {fingerprint(image)})^{cosine_power:g}"
    return Objective(text, value, frozenset([layer]))


def caricatures(
    subject: Subject,
    images: Float[Tensor, "n c h w"],
    layer: str,
    *,
    cosine_power: float = 1.0,
    seed: int = 0,
    recipe: Recipe = CARICATURE,
    progress: Progress = silent,
) -> tuple[FeatureImage, ...]:
    """A caricature of every (square) image at a layer: what the layer makes of it, exaggerated, from noise.

    >>> from core.testing import planted_classifier
    >>> image = torch.rand((1, 3, 12, 12), generator=torch.Generator().manual_seed(0))
    >>> made, = caricatures(planted_classifier(seed=0), image, "conv")
    >>> made.activation > 10 * float(made.trace[0])
    True
    """
    height, width = images.shape[2:]
    if height != width:
        raise BadInput(f"caricatures are made of square images; these have {height} x {width} pixels")
    wanted = [caricature(subject, layer, image, cosine_power=cosine_power) for image in images]
    return render(subject, wanted, size=height, seed=seed, recipe=recipe, progress=progress)


def whitened(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
    """The spectrum in decorrelated colours, every frequency divided by what photographs have; without the mean."""
    scale = spectrum_scale(*images.shape[2:], decay=DECAY).to(images)
    spectrum = torch.fft.rfft2(decorrelated_logits(images), norm="ortho") / scale
    return torch.view_as_real(spectrum.flatten(2)[..., 1:]).flatten(1)


def _spectral(subject: Subject, wanted: Objective, image: Tensor) -> tuple[Change, float]:
    """The change of the spectrum, and the rise by the gradient if all of it changed."""
    given = image.to(subject.device).clamp(*INSIDE).repeat(wanted.images, 1, 1, 1)
    with torch.enable_grad(), _woken(given.device):
        picture = decorrelated_logits(given).requires_grad_()
        value = _values(subject, wanted, correlate_colours(picture).sigmoid()).sum()
        (gradient,) = torch.autograd.grad(value, [picture])
    scale = spectrum_scale(*image.shape[1:], decay=DECAY).to(given)
    pull = torch.fft.rfft2(gradient, norm="ortho").abs() * scale
    pull[..., 1 : (image.shape[2] + 1) // 2] *= 2  # of these a real FFT keeps one of two
    pull[..., 0, 0] = 0.0
    return _change(whitened, reference := whitened(given[:1])), float(pull[0].norm() * reference.norm())


def _at(subject: Subject, wanted: Objective, image: Tensor, layer: str) -> tuple[Change, float]:
    """The change of a layer's activations, and the rise by the gradient if all of them changed."""
    info = layer_named(subject, layer)

    def activations(images: Tensor) -> Tensor:
        return as_maps(capture(subject, images, [layer], grad=True)[layer], info).flatten(1)

    both = replace(wanted, layers=wanted.layers | {layer})
    given = image.to(subject.device).repeat(wanted.images, 1, 1, 1)
    with torch.enable_grad(), _woken(given.device):
        given = given.requires_grad_()
        seen = look(subject, [both], given)
        value = wanted.value(replace(seen, images=given)).sum()
        (gradient,) = torch.autograd.grad(value, [seen.layers[layer]], allow_unused=True)
    if gradient is None:
        raise BadInput(f"{wanted} does not depend on layer {layer!r}; give one that comes before its own")
    with torch.no_grad():
        reference = activations(given[:1].detach())
    return _change(activations, reference), float(gradient[0].norm() * reference.norm())


def _woken(device: torch.device) -> redirected_relus:
    """A target that is dead on the image has a slope too: the one it is woken along."""
    return redirected_relus(torch.ones(1, dtype=torch.bool, device=device))


def _values(subject: Subject, wanted: Objective, images: Tensor) -> Float[Tensor, "n"]:
    """The objective of the images as they are."""
    return wanted.value(replace(look(subject, [wanted], images), images=images)).expand(len(images))


def _change(look_at: Callable[[Tensor], Tensor], reference: Float[Tensor, "1 d"]) -> Change:
    size = reference.square().sum().clamp_min(1e-12)
    return lambda images: (look_at(images) - reference).square().sum(1) / size
