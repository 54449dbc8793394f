"""render(): images that raise their targets, many in one batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.errors import BadInput
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.subject import Subject
from feature_viz.ascent import ascend, check_finite, layers_of, rows_of, values_of
from feature_viz.feature_image import FeatureImage
from feature_viz.fusion import fused
from feature_viz.objectives import Objective, Wanted, objective
from feature_viz.parametrize import Shape
from feature_viz.recipes import Recipe, Way, as_recipe, fixed_shape, together
from feature_viz.transforms import resampled, view_size

LARGEST = 128
"""Side in pixels above which no image is made unless asked for."""


def render(
    subject: Subject,
    targets: Sequence[Wanted],
    *,
    seed: int = 0,
    steps: int | None = None,
    size: int | None = None,
    start: Float[Tensor, "n c h w"] | None = None,
    batch_size: int = 16,
    recipe: Way = Recipe(),
    progress: Progress = silent,
) -> tuple[FeatureImage, ...]:
    """One image in [0, 1] per target that raises it, in the order given [olah2017].

    ``targets`` may be lucent's objectives. ``recipe`` is a Recipe, the name of one in RECIPES, a Parametrisation or
    one of lucent's; it knows how many ``steps`` suit it. ``size`` is the side in pixels; None takes the network's
    own, at most 128. ``start`` gives every target an image to begin from instead of noise. A target with
    ``diversity`` gets as many images as it asks for, one after the other. Every image's randomness comes from
    ``seed`` and its target's text alone, so it does not matter what else is rendered with it.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such target, or cannot be run at this size.
    NotFinite
        if a value is NaN or infinite; names the target and the step.

    >>> from core.targets import Unit
    >>> from core.testing import planted_classifier
    >>> image, = render(planted_classifier(seed=0), [Unit("conv", 1)], steps=8)
    >>> image.image.shape, bool(image.trace[-1] > image.trace[0])
    (torch.Size([3, 12, 12]), True)
    """
    how = as_recipe(recipe)
    steps = how.steps if steps is None else steps
    if steps < 1 or batch_size < 1:
        raise BadInput(f"steps and batch_size are {steps} and {batch_size}; both must be at least 1")
    wanted = [together(objective(subject, target), how.parametrisation) for target in targets]
    shape = _shape(subject, wanted, size, how) if start is None else _given(subject, wanted, start, size)
    stamp = provenance(subject=subject.fingerprint, seed=seed, steps=steps, shape=shape, recipe=str(how))
    total, done = sum(each.images for each in wanted), 0
    made: dict[int, tuple[FeatureImage, ...]] = {}
    with fused(subject, layers_of(wanted)) as quick, _still(quick.module):
        for members in _batches(subject, wanted, batch_size):
            chosen = [wanted[i] for i in members]
            count = sum(each.images for each in chosen)

            def tick(step: int, done: int = done, count: int = count) -> None:
                progress(done * steps + step * count, total * steps, "rendering")

            begin = None if start is None else start[members].repeat_interleave(_counts(chosen), dim=0)
            found = ascend(quick, chosen, shape, begin, seed=seed, steps=steps, recipe=how, tick=tick)
            made |= zip(members, _made(quick, chosen, found, how, seed=seed, stamp=stamp), strict=True)
            done += count
    return tuple(image for i in range(len(wanted)) for image in made[i])


def _made(
    subject: Subject,
    wanted: Sequence[Objective],
    found: tuple[Float[Tensor, "n c h w"], Float[Tensor, "steps n"]],
    recipe: Recipe,
    *,
    seed: int,
    stamp: Provenance,
) -> Iterator[tuple[FeatureImage, ...]]:
    """Every objective's pictures with what they reach without transforms, at the size the network sees."""
    (images, traces), settle = found, recipe.parametrisation.settle
    values = _reached(subject, wanted, images, recipe)
    check_finite(subject, wanted, values[None], first=len(traces))
    relaxed: list[float | None] = [None] * len(images)
    if settle is not None:
        relaxed, images = values.tolist(), settle(subject, wanted, images).to(images.device)
        values = _reached(subject, wanted, images, recipe)
    images, traces, reached = images.cpu(), traces.cpu(), values.tolist()
    for each, rows in zip(wanted, rows_of(wanted), strict=True):
        yield tuple(
            FeatureImage(
                str(each),
                images[row],
                reached[row],
                reached[row] != 0,
                traces[:, row],
                seed,
                stamp,
                copy,
                relaxed[row],
            )
            for copy, row in enumerate(range(rows.start, rows.stop))
        )


def _reached(subject: Subject, wanted: Sequence[Objective], images: Tensor, recipe: Recipe) -> Tensor:
    height, width = images.shape[2:]
    clean = resampled(images, view_size(recipe.wobble, (height, width), subject.spec.shape[1:]))
    with torch.no_grad():
        return values_of(subject, wanted, clean, images)


def _counts(wanted: Sequence[Objective]) -> Tensor:
    return torch.tensor([each.images for each in wanted])


def _batches(subject: Subject, wanted: Sequence[Objective], batch_size: int) -> Iterator[list[int]]:
    """Indices in batches of about equal depth, so that none runs further than its own targets need."""
    depth = {name: place for place, name in enumerate(subject.layers)}

    def deepest(i: int) -> int:
        if wanted[i].heads:
            return len(depth)
        return max(depth[name] for name in wanted[i].layers)

    held: list[int] = []
    for i in sorted(range(len(wanted)), key=deepest):
        if held and sum(wanted[k].images for k in held) + wanted[i].images > batch_size:
            yield held
            held = []
        held.append(i)
    if held:
        yield held


def _shape(subject: Subject, wanted: Sequence[Objective], size: int | None, recipe: Recipe) -> Shape:
    channels, height, width = subject.spec.shape
    if recipe.parametrisation.shape is not None:
        return fixed_shape(recipe.parametrisation, channels, size)
    if size is not None:
        if size < 2:
            raise BadInput(f"size is {size} pixels; an image needs at least 2")
        return channels, size, size
    if any(each.heads for each in wanted):  # a head may follow layers that take one size only
        return channels, height, width
    return channels, min(height, LARGEST), min(width, LARGEST)


def _given(subject: Subject, wanted: Sequence[Objective], start: Tensor, size: int | None) -> Shape:
    channels, height, width = start.shape[1:]
    if len(start) != len(wanted) or channels != subject.spec.shape[0]:
        raise BadInput(
            f"start has shape {tuple(start.shape)}; {len(wanted)} targets of {subject.name} take "
            f"({len(wanted)}, {subject.spec.shape[0]}, height, width)"
        )
    if size is not None and (height, width) != (size, size):
        raise BadInput(
            f"start has images of {height} x {width} pixels and size is {size}; give one of the two"
        )
    return channels, height, width


@contextmanager
def _still(module: nn.Module) -> Iterator[None]:
    """Inside, eval mode and no parameter gradients; afterwards everything is as before."""
    modes = {inner: inner.training for inner in module.modules()}
    wants = {parameter: parameter.requires_grad for parameter in module.parameters()}
    try:
        module.eval().requires_grad_(False)
        yield
    finally:
        for inner, mode in modes.items():
            inner.training = mode
        for parameter, want in wants.items():
            parameter.requires_grad_(want)
