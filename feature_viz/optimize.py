"""render(): images that raise their targets, many in one batch; the loop and nothing but the loop."""

import base64
import hashlib
import html
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.activations import recording, run_until_enough
from core.artifacts import as_pixels
from core.errors import BadInput, NotFinite
from core.progress import Progress, silent
from core.provenance import Provenance, provenance
from core.subject import Subject, feed, hooked, run
from core.targets import Target
from feature_viz.adam import Adam
from feature_viz.objectives import Objective, Seen, objective
from feature_viz.parametrize import Parametrisation, fourier
from feature_viz.redirection import redirected_relus
from feature_viz.response_norm import quick_response_norm
from feature_viz.transforms import STANDARD, Wobble, draws, transform

LARGEST = 128
"""Side in pixels above which no image is made unless asked for."""

ROUND = 16
"""Steps between two looks at whether everything is finite and which images get no gradient."""


@dataclass(frozen=True)
class Recipe:
    """How images are made: parametrisation, transforms, shape of the learning rate, arithmetic of the network.

    The rate rises over the first ``warm_up`` share of the steps and falls to zero as a cosine.
    """

    parametrisation: Parametrisation = field(default_factory=fourier)
    wobble: Wobble = STANDARD
    warm_up: float = 0.05
    precision: torch.dtype = torch.float32

    def __str__(self) -> str:
        return f"{self.parametrisation.name}, {self.wobble}, {str(self.precision).removeprefix('torch.')}"


@dataclass(frozen=True, eq=False)
class FeatureImage:
    """An image made for a target.

    ``activation`` is the objective's value on the clean image, ``fired`` whether that is anything but zero
    everywhere; ``trace`` (steps,) its values on the way, under transforms.
    """

    target: str
    image: Float[Tensor, "c h w"] = field(repr=False)
    activation: float
    fired: bool
    trace: Float[Tensor, "steps"] = field(repr=False)
    seed: int
    provenance: Provenance = field(repr=False)

    def _repr_png_(self) -> bytes:
        return png(self.image)

    def _repr_html_(self) -> str:
        data = base64.b64encode(png(self.image)).decode()
        text = html.escape(f"{self.target}: {self.activation:.3g}" + ("" if self.fired else " (never fired)"))
        style = "image-rendering:pixelated;width:192px"
        picture = f'<img style="{style}" src="data:image/png;base64,{data}">'
        return f"<figure>{picture}<figcaption>{text}</figcaption></figure>"


def render(
    subject: Subject,
    targets: Sequence[Target | Objective],
    *,
    seed: int = 0,
    steps: int = 96,
    size: int | None = None,
    batch_size: int = 16,
    recipe: Recipe = Recipe(),
    progress: Progress = silent,
) -> tuple[FeatureImage, ...]:
    """One image in [0, 1] per target that raises it, in the order given [olah2017].

    ``size`` is the side in pixels; None takes the network's own, at most 128. Every image's randomness comes
    from ``seed`` and its target's text alone, so it does not matter what else is rendered with it.

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
    if steps < 1 or batch_size < 1:
        raise BadInput(f"steps and batch_size are {steps} and {batch_size}; both must be at least 1")
    wanted = [objective(subject, target) for target in targets]
    shape = _shape(subject, wanted, size)
    stamp = _stamp(subject, steps, shape, recipe)
    made: dict[int, FeatureImage] = {}
    for members in _batches(subject, wanted, batch_size):
        done = len(made)

        def tick(step: int, done: int = done, count: int = len(members)) -> None:
            progress(done * steps + step * count, len(wanted) * steps, "rendering")

        chosen = [wanted[i] for i in members]
        with _still(subject.module), torch.enable_grad():
            images, traces = _ascend(subject, chosen, shape, seed=seed, steps=steps, recipe=recipe, tick=tick)
        with torch.no_grad():
            values = _values(subject, chosen, images)
        _check_finite(subject, chosen, values[None], first=steps)
        for row, i in enumerate(members):
            value = float(values[row])
            made[i] = FeatureImage(
                str(wanted[i]), images[row].cpu(), value, value != 0, traces[:, row].cpu(), seed, stamp(seed)
            )
    return tuple(made[i] for i in range(len(wanted)))


def _ascend(
    subject: Subject,
    wanted: Sequence[Objective],
    shape: tuple[int, int, int],
    *,
    seed: int,
    steps: int,
    recipe: Recipe,
    tick: Callable[[int], None],
) -> tuple[Float[Tensor, "n c h w"], Float[Tensor, "steps n"]]:
    """The images that Adam ends with, and their objectives at every step."""
    generators = [generator_of(seed, str(each)) for each in wanted]
    way, device = recipe.parametrisation, subject.device
    parameters = torch.stack([way.start(generator, shape) for generator in generators]).to(device)
    drawn = torch.stack([draws(generator, steps) for generator in generators], 1).to(device)
    adam = Adam(parameters.requires_grad_())
    lost = torch.zeros(len(wanted), dtype=torch.bool, device=device)
    traces = torch.zeros(steps, len(wanted), device=device)
    for step in range(steps):
        inputs = transform(way.image(parameters, shape), drawn[step], recipe.wobble)
        rescue = redirected_relus(lost) if lost.any() else nullcontext()
        with _arithmetic(device, recipe.precision), quick_response_norm(), rescue:
            values = _values(subject, wanted, inputs)
            (gradient,) = torch.autograd.grad(-values.sum(), parameters)
        traces[step] = values.detach()
        adam.step(gradient, way.rate * _schedule(step, steps, recipe.warm_up))
        if step % ROUND == ROUND - 1 or step == steps - 1:
            begun = step - step % ROUND
            _check_finite(subject, wanted, traces[begun : step + 1], first=begun)
        if step < ROUND or step % ROUND == ROUND - 1:
            lost = gradient.flatten(1).abs().amax(1) == 0
        tick(step + 1)
    return way.image(parameters.detach(), shape), traces


def _values(subject: Subject, wanted: Sequence[Objective], images: Tensor) -> Float[Tensor, "n"]:
    """Every image's own objective, after one pass that runs no further than the deepest layer asked for."""
    seen = _look(subject, wanted, images.contiguous(memory_format=torch.channels_last))
    layers = {name: values.float().split(1) for name, values in seen.layers.items()}
    heads = {name: values.float().split(1) for name, values in seen.heads.items()}
    return torch.cat(
        [
            each.value(Seen({k: v[i] for k, v in layers.items()}, {k: v[i] for k, v in heads.items()}))
            for i, each in enumerate(wanted)
        ]
    )


def _look(subject: Subject, wanted: Sequence[Objective], images: Tensor) -> Seen:
    layers = sorted(frozenset().union(*(each.layers for each in wanted)))
    try:
        if not any(each.heads for each in wanted):
            with recording(subject, layers) as kept:
                run_until_enough(subject.module, feed(subject, images))
            return Seen(kept, {})
        found: dict[str, Tensor] = {}
        with hooked(subject.module, dict.fromkeys(layers), lambda name: _keeper(found, name)):
            return Seen(found, run(subject, images))
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

    order = sorted(range(len(wanted)), key=deepest)
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


def generator_of(seed: int, text: str) -> torch.Generator:
    """The random numbers of one target: the same wherever, whenever and beside whatever it is rendered."""
    digest = hashlib.sha256(f"{seed}|{text}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))


def _schedule(step: int, steps: int, warm_up: float) -> float:
    rise = max(1.0, warm_up * steps)
    return min(1.0, (step + 1) / rise) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _shape(subject: Subject, wanted: Sequence[Objective], size: int | None) -> tuple[int, int, int]:
    channels, height, width = subject.spec.shape
    if size is not None:
        if size < 2:
            raise BadInput(f"size is {size} pixels; an image needs at least 2")
        return channels, size, size
    if any(each.heads for each in wanted):  # a head may follow layers that take one size only
        return channels, height, width
    return channels, min(height, LARGEST), min(width, LARGEST)


def _check_finite(subject: Subject, wanted: Sequence[Objective], values: Tensor, *, first: int) -> None:
    if torch.isfinite(values).all():
        return
    step, row = (~torch.isfinite(values)).nonzero()[0].tolist()
    raise NotFinite(
        f"the objective {wanted[row]} of {subject.name} is {values[step, row].item()} at step {first + step}"
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


def _stamp(
    subject: Subject, steps: int, shape: tuple[int, int, int], recipe: Recipe
) -> Callable[[int], Provenance]:
    fixed: Mapping[str, Any] = {"steps": steps, "shape": shape, "recipe": str(recipe)}
    return lambda seed: provenance(subject=subject.fingerprint, seed=seed, **fixed)


def png(image: Float[Tensor, "c h w"]) -> bytes:
    """A picture in [0, 1] as the bytes of a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(as_pixels(image)).save(buffer, format="png")
    return buffer.getvalue()
