"""Grad-CAM: a layer's maps weighted by how their mean gradient moves the target."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.attribution.gradient import gradients
from core.attribution.result import Attribution
from core.attribution.site import about, checked_inputs, layers_up_to, site_of
from core.errors import BadInput
from core.layers import as_maps
from core.subject import Hook, Subject, hooked, layer_named
from core.targets import Target, checked, score

PROBES = 4
"""So many inputs say where Grad-CAM looks."""


def grad_cam(
    subject: Subject, inputs: Float[Tensor, "n c h w"], target: Target, *, at: str | None = None
) -> Attribution:
    """Grad-CAM [selvaraju2017] at a layer that has maps, in whatever order its axes are.

    Default is the deepest layer through which all that the target sees passes, and at whose positions it still
    looks: the last block of a CNN, the block before the last of a ViT, whose last one is read at the class token
    alone. Values are (n, 1, h, w) at the layer's own resolution and not negative.

    It cannot show what speaks against the target, nor where within a position of the layer; deep positions have
    seen most of the picture, so what it lights need not be what lies there.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, or the layer has no maps.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> grad_cam(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1), at="relu").heatmap().shape
    torch.Size([1, 10, 10])
    """
    site = site_of(subject, inputs, target, _layer(subject, inputs, target, at))
    layer = subject.layers[site.at]
    weights = as_maps(gradients(site, site.values), layer).mean((2, 3), keepdim=True)
    values = (weights * as_maps(site.values, layer)).sum(1, keepdim=True).relu()
    return Attribution(
        values=values,
        target=str(target),
        at=site.at,
        method="Grad-CAM",
        completeness_gap=None,
        provenance=about(site),
    )


def map_layers(subject: Subject, target: Target) -> tuple[str, ...]:
    """The layers before a target whose maps are laid out as the picture is, in order.

    >>> from core.targets import Unit
    >>> from core.testing import planted_classifier
    >>> map_layers(planted_classifier(seed=0), Unit("pool", 0))
    ('conv', 'relu')
    """
    own = () if not hasattr(target, "layer") else (target.layer,)
    return tuple(
        name for name in layers_up_to(subject, target) if name not in own and _pictured(subject, name)
    )


def deepest(subject: Subject, inputs: Float[Tensor, "n c h w"], target: Target) -> str | None:
    """The deepest layer with maps where Grad-CAM finds what the target saw; None if there is none.

    Asked of the first inputs: which layers' positions have a gradient, and which of those nothing passes by. Where
    no layer is passed by all (parallel towers), the deepest that has a gradient; where none has one (a unit that
    is silent), the deepest that is passed by all.
    """
    names = map_layers(subject, target)
    heard, same = _heard(subject, inputs[:PROBES], target, names)
    for name in reversed(heard or names):
        if _all_passes(subject, inputs[:1], target, name):
            return same.get(name, name)
    return same.get((heard or names)[-1]) if names else None


def _heard(
    subject: Subject, few: Tensor, target: Target, names: tuple[str, ...]
) -> tuple[list[str], Mapping[str, str]]:
    """The layers whose positions the target still looks at; and the first name of each that gives the same tensor."""
    with torch.enable_grad(), _recorded(subject, names) as (kept, versions):
        answer = score(subject, few.detach().requires_grad_(), target).sum()
    same = _first_names(names, kept, versions)
    asked = [name for name in names if name in kept and kept[name].requires_grad]
    if not asked or not answer.requires_grad:
        return [], same
    found = torch.autograd.grad(answer, [kept[name] for name in asked], allow_unused=True)
    heard = [
        name
        for name, slope in zip(asked, found, strict=True)
        if slope is not None and bool(as_maps(slope, subject.layers[name]).any())
    ]
    return heard, same


def _first_names(
    names: tuple[str, ...], kept: Mapping[str, Tensor], versions: Mapping[str, int]
) -> dict[str, str]:
    """For every layer the first that gives the same tensor, not changed in place between the two."""
    first: dict[tuple[int, int], str] = {}
    return {name: first.setdefault((id(kept[name]), versions[name]), name) for name in names if name in kept}


@contextmanager
def _recorded(subject: Subject, names: tuple[str, ...]) -> Iterator[tuple[dict[str, Tensor], dict[str, int]]]:
    """Inside, what layers give, and how often each had been changed in place when it did."""
    kept: dict[str, Tensor] = {}
    versions: dict[str, int] = {}

    def hook_for(name: str) -> Hook:
        def hook(_: nn.Module, __: object, output: Tensor) -> None:
            kept[name], versions[name] = output, output._version

        return hook

    with hooked(subject.module, names, hook_for):
        yield kept, versions


def _all_passes(subject: Subject, one: Tensor, target: Target, name: str) -> bool:
    """Whether the target no longer depends on the input once it is cut off at a layer."""
    left = [subject.layers[name].calls]

    def cut(_: nn.Module, __: object, output: Tensor) -> Tensor | None:
        left[0] -= 1
        return output.detach() if left[0] == 0 else None

    with torch.enable_grad(), hooked(subject.module, [name], lambda _: cut):
        return not score(subject, one.detach().requires_grad_(), target).requires_grad


def _layer(subject: Subject, inputs: Tensor, target: Target, at: str | None) -> str:
    checked(subject, target)
    names = map_layers(subject, target)
    if at is None:
        found = deepest(subject, checked_inputs(subject, inputs), target) if names else None
        if found is None:
            raise BadInput(
                f"{subject.name} has no layer with maps before {target}, so Grad-CAM has no place to look"
            )
        return found
    if at not in names:
        shape = layer_named(subject, at).shape if at != "input" else subject.spec.shape
        raise BadInput(
            f"{at!r} of {subject.name}, of shape {shape}, has no maps of its own before {target}; "
            f"Grad-CAM can look at {', '.join(names) or 'none of its layers'}"
        )
    return at


def _pictured(subject: Subject, name: str) -> bool:
    """Whether a layer's grid is as the picture is: tokens by heads of an attention are not."""
    layer = subject.layers[name]
    if not layer.spatial:
        return False
    (rows, columns), (height, width) = layer.grid, subject.spec.shape[1:]
    return abs(rows * width - columns * height) < max(height, width)
