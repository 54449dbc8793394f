"""render(): images that raise their targets, many in one batch; the loop and nothing but the loop."""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import accumulate
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.activations import recording, run_until_enough
from core.errors import BadInput, NotFinite
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.subject import Subject, feed, hooked, run
from feature_viz.adam import Adam
from feature_viz.feature_image import FeatureImage
from feature_viz.objectives import Objective, Seen, Wanted, objective
from feature_viz.parametrize import Shape
from feature_viz.recipes import Recipe, Way, as_recipe, fixed_shape, together
from feature_viz.redirection import redirected_relus
from feature_viz.response_norm import quick_response_norm
from feature_viz.transforms import draws, resampled, transform, view_size

LARGEST = 128
"""Side in pixels above which no image is made unless asked for."""

ROUND = 16
"""Steps between two looks at whether everything is finite and which images get no gradient."""


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
    stamp = _stamp(subject, steps, shape, how)
    total, done = sum(each.images for each in wanted), 0
    made: dict[int, tuple[FeatureImage, ...]] = {}
    for members in _batches(subject, wanted, batch_size):
        chosen = [wanted[i] for i in members]
        count = sum(each.images for each in chosen)

        def tick(step: int, done: int = done, count: int = count) -> None:
            progress(done * steps + step * count, total * steps, "rendering")

        begin = None if start is None else start[members].repeat_interleave(_counts(chosen), dim=0)
        with _still(subject.module):
            found = _ascend(subject, chosen, shape, begin, seed=seed, steps=steps, recipe=how, tick=tick)
        clean = resampled(found[0], view_size(how.wobble, shape[1:], subject.spec.shape[1:]))
        made |= zip(members, _made(subject, chosen, clean, *found, seed=seed, stamp=stamp(seed)), strict=True)
        done += count
    return tuple(image for i in range(len(wanted)) for image in made[i])


def _made(
    subject: Subject,
    wanted: Sequence[Objective],
    clean: Float[Tensor, "n c s t"],
    images: Float[Tensor, "n c h w"],
    traces: Float[Tensor, "steps n"],
    *,
    seed: int,
    stamp: Provenance,
) -> Iterator[tuple[FeatureImage, ...]]:
    """Every objective's pictures with what they reach without transforms, at the size the network sees."""
    with torch.no_grad():
        values = _values(subject, wanted, clean, images)
    _check_finite(subject, wanted, values[None], first=len(traces))
    images, traces, reached = images.cpu(), traces.cpu(), values.tolist()
    for each, rows in zip(wanted, _rows(wanted), strict=True):
        yield tuple(
            FeatureImage(
                str(each), images[row], reached[row], reached[row] != 0, traces[:, row], seed, stamp, copy
            )
            for copy, row in enumerate(range(rows.start, rows.stop))
        )


def _ascend(
    subject: Subject,
    wanted: Sequence[Objective],
    shape: Shape,
    start: Float[Tensor, "n c h w"] | None,
    *,
    seed: int,
    steps: int,
    recipe: Recipe,
    tick: Callable[[int], None],
) -> tuple[Float[Tensor, "n c h w"], Float[Tensor, "steps n"]]:
    """The images that Adam ends with, and their objectives at every step."""
    generators = [generator_of(seed, str(each), copy) for each in wanted for copy in range(each.images)]
    count, device = len(generators), subject.device
    canvas, wobble = recipe.parametrisation.begin(generators, shape, start, device), recipe.wobble
    drawn = torch.stack([draws(generator, steps, wobble.views) for generator in generators], 1).to(device)
    drawn, size = drawn.view(steps, -1, 4), view_size(wobble, shape[1:], subject.spec.shape[1:])
    adam = Adam(canvas.parameters)
    lost = torch.zeros(count, dtype=torch.bool, device=device)
    traces = torch.zeros(steps, count, device=device)
    for step in range(steps):
        rescue = redirected_relus(lost.repeat(wobble.views)) if lost.any() else nullcontext()
        with torch.enable_grad(), _arithmetic(device, recipe.precision), quick_response_norm(), rescue:
            images = canvas.image()
            values = _values(subject, wanted, transform(images, drawn[step], wobble, size=size), images)
            *gradients, upward = torch.autograd.grad(-values.sum(), [*canvas.parameters, images])
        traces[step] = values.detach()
        adam.step(gradients, recipe.parametrisation.rate * _schedule(step, steps, recipe.warm_up))
        if step % ROUND == ROUND - 1 or step == steps - 1:
            begun = step - step % ROUND
            _check_finite(subject, wanted, traces[begun : step + 1], first=begun)
        if step < ROUND or step % ROUND == ROUND - 1:
            lost = upward.flatten(1).abs().amax(1) == 0
        tick(step + 1)
    with torch.no_grad():
        return canvas.image(), traces


def _values(
    subject: Subject,
    wanted: Sequence[Objective],
    views: Float[Tensor, "m c s t"],
    images: Float[Tensor, "n c h w"],
) -> Float[Tensor, "n"]:
    """Every image's own objective, the mean over its views; one pass, no further than the deepest layer asked for."""
    seen, n = look(subject, wanted, views.contiguous(memory_format=torch.channels_last)), len(images)
    found = [
        each.value(seen.rows(slice(first + rows.start, first + rows.stop), images[rows]))
        .float()
        .expand(each.images)
        for first in range(0, len(views), n)
        for each, rows in zip(wanted, _rows(wanted), strict=True)
    ]
    return torch.cat(found).view(-1, n).mean(0)


def _counts(wanted: Sequence[Objective]) -> Tensor:
    return torch.tensor([each.images for each in wanted])


def _rows(wanted: Sequence[Objective]) -> list[slice]:
    """Which of a batch's images are each objective's."""
    ends = list(accumulate(each.images for each in wanted))
    return [slice(end - each.images, end) for each, end in zip(wanted, ends, strict=True)]


def look(subject: Subject, wanted: Sequence[Objective], images: Tensor) -> Seen:
    """What the objectives need to see of the images, from one pass that runs no further than the deepest layer."""
    layers = sorted(frozenset().union(*(each.layers for each in wanted)))
    try:
        if not any(each.heads for each in wanted):
            with recording(subject, layers) as kept:
                run_until_enough(subject.module, feed(subject, images))
            return Seen(kept, {}, subject.layers)
        found: dict[str, Tensor] = {}
        with hooked(subject.module, dict.fromkeys(layers), lambda name: _keeper(found, name)):
            return Seen(found, run(subject, images), subject.layers)
    except RuntimeError as error:
        height, width = images.shape[2:]
        raise BadInput(
            f"{subject.name} cannot be run on images of {height} x {width} pixels as far as these targets need; "
            f"it was made for {subject.spec.shape[1]} x {subject.spec.shape[2]} ({error})"
        ) from error


def _keeper(found: dict[str, Tensor], name: str) -> Callable[[nn.Module, object, Tensor], None]:
    def keep(_: nn.Module, __: object, output: Tensor) -> None:
        found[name] = output

    return keep


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


def generator_of(seed: int, text: str, copy: int = 0) -> torch.Generator:
    """The random numbers of one target's image: the same wherever, whenever and beside whatever it is rendered."""
    digest = hashlib.sha256(f"{seed}|{text}{f'|{copy}' if copy else ''}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))


def _schedule(step: int, steps: int, warm_up: float) -> float:
    rise = max(1.0, warm_up * steps)
    return min(1.0, (step + 1) / rise) * 0.5 * (1 + math.cos(math.pi * step / steps))


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


def _check_finite(subject: Subject, wanted: Sequence[Objective], values: Tensor, *, first: int) -> None:
    if torch.isfinite(values).all():
        return
    step, row = (~torch.isfinite(values)).nonzero()[0].tolist()
    names = [str(each) for each in wanted for _ in range(each.images)]
    raise NotFinite(
        f"the objective {names[row]} of {subject.name} is {values[step, row].item()} at step {first + step}"
    )


def _arithmetic(device: torch.device, precision: torch.dtype) -> torch.autocast:
    return torch.autocast(device.type, precision, enabled=precision != torch.float32)


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


def _stamp(subject: Subject, steps: int, shape: Shape, recipe: Recipe) -> Callable[[int], Provenance]:
    fixed: Mapping[str, Any] = {"steps": steps, "shape": shape, "recipe": str(recipe)}
    return lambda seed: provenance(subject=subject.fingerprint, seed=seed, **fixed)
