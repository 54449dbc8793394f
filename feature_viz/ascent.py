"""ascend(): Adam on the images of a batch of objectives; the loop and nothing but the loop."""

import hashlib
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import accumulate

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.activations import recording, run_until_enough
from core.errors import BadInput, NotFinite
from core.subject import Subject, feed, hooked, run
from feature_viz.adam import Adam
from feature_viz.objectives import Objective, Seen
from feature_viz.parametrize import Shape
from feature_viz.recipes import Recipe
from feature_viz.redirection import redirected_relus
from feature_viz.response_norm import quick_response_norm
from feature_viz.transforms import draws, transform, view_size

ROUND = 16
"""Steps between two looks at whether everything is finite and which images get no gradient."""


def ascend(
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
            values = values_of(subject, wanted, transform(images, drawn[step], wobble, size=size), images)
            *gradients, upward = torch.autograd.grad(-values.sum(), [*canvas.parameters, images])
        traces[step] = values.detach()
        adam.step(gradients, recipe.parametrisation.rate * _schedule(step, steps, recipe.warm_up))
        if step % ROUND == ROUND - 1 or step == steps - 1:
            begun = step - step % ROUND
            check_finite(subject, wanted, traces[begun : step + 1], first=begun)
        if step < ROUND or step % ROUND == ROUND - 1:
            lost = upward.flatten(1).abs().amax(1) == 0
        tick(step + 1)
    with torch.no_grad():
        return canvas.image(), traces


def values_of(
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
        for each, rows in zip(wanted, rows_of(wanted), strict=True)
    ]
    return torch.cat(found).view(-1, n).mean(0)


def layers_of(wanted: Sequence[Objective]) -> frozenset[str]:
    return frozenset().union(*(each.layers for each in wanted))


def rows_of(wanted: Sequence[Objective]) -> list[slice]:
    """Which of a batch's images are each objective's."""
    ends = list(accumulate(each.images for each in wanted))
    return [slice(end - each.images, end) for each, end in zip(wanted, ends, strict=True)]


def look(subject: Subject, wanted: Sequence[Objective], images: Tensor) -> Seen:
    """What the objectives need to see of the images, from one pass that runs no further than the deepest layer."""
    layers = sorted(layers_of(wanted))
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


def generator_of(seed: int, text: str, copy: int = 0) -> torch.Generator:
    """The random numbers of one target's image: the same wherever, whenever and beside whatever it is rendered."""
    digest = hashlib.sha256(f"{seed}|{text}{f'|{copy}' if copy else ''}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))


def _schedule(step: int, steps: int, warm_up: float) -> float:
    rise = max(1.0, warm_up * steps)
    return min(1.0, (step + 1) / rise) * 0.5 * (1 + math.cos(math.pi * step / steps))


def check_finite(subject: Subject, wanted: Sequence[Objective], values: Tensor, *, first: int) -> None:
    if torch.isfinite(values).all():
        return
    step, row = (~torch.isfinite(values)).nonzero()[0].tolist()
    names = [str(each) for each in wanted for _ in range(each.images)]
    raise NotFinite(
        f"the objective {names[row]} of {subject.name} is {values[step, row].item()} at step {first + step}"
    )


def _arithmetic(device: torch.device, precision: torch.dtype) -> torch.autocast:
    return torch.autocast(device.type, precision, enabled=precision != torch.float32)
