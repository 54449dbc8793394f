"""Cascading parameter randomisation: does a method's map follow the weights, or would any network do?"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.attribution.site import checked_inputs
from core.errors import BadInput
from core.faithfulness.explaining import Asking, explain, label
from core.faithfulness.scoring import Asked, per_input
from core.faithfulness.similarity import spearman
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject
from core.targets import Difference, Output, Target


@dataclass(frozen=True, eq=False)
class Randomisation:
    """How like the subject's own its maps stay while a copy's layers are randomised from the answer down.

    After stage k the layers from the answer down to ``layers[k]`` are random. ``signed`` and ``absolute`` (n, stages)
    are Spearman correlations with the original map, as it is and without its signs.
    """

    layers: tuple[str, ...]
    signed: Float[Tensor, "n k"] = field(repr=False)
    absolute: Float[Tensor, "n k"] = field(repr=False)
    provenance: Provenance = field(repr=False)


def randomisation(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Asked,
    method: Asking,
    *,
    stages: int = 5,
    seed: int = 0,
    progress: Progress = silent,
) -> Randomisation:
    """Cascading randomisation [adebayo2018] of a copy of the network, the subject itself staying as it is.

    Weights are drawn anew from a normal distribution of their own size (root mean square); biases and scales are
    shuffled. Of all layers with parameters, ``stages`` are looked at: the last before the answer, then evenly down
    to the first, where nothing learned is left. For a target inside the network, layers after it do not count.

    Raises
    ------
    BadInput, UnknownName
        if inputs, target or method do not fit, or the network has no parameters.

    >>> from core.targets import Output
    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> answer = randomisation(subject, torch.rand(2, 3, 12, 12), Output("class", 1), "integrated-gradients")
    >>> answer.layers, answer.signed.shape
    (('head', 'conv'), torch.Size([2, 2]))
    """
    inputs = checked_inputs(subject, inputs)
    targets = per_input(subject, target, len(inputs))
    owners = learned_layers(subject, targets)
    if not owners or stages < 1:
        raise BadInput(
            f"{subject.name} has {len(owners)} layers with parameters to randomise in {stages} stages"
        )
    before = explain(method, subject, inputs, targets, seed=seed).maps
    reached = _reached(len(owners), stages)
    signed, absolute = [], []
    for number, count in enumerate(reached):
        progress(number, len(reached), "randomisation")
        after = explain(
            method, randomised(subject, owners[:count], seed=seed), inputs, targets, seed=seed
        ).maps
        signed.append(spearman(before, after))
        absolute.append(spearman(before.abs(), after.abs()))
    made = provenance(
        subject=subject.fingerprint,
        data=fingerprint(inputs),
        seed=seed,
        metric="randomisation",
        stages=len(reached),
        method=label(method),
    )
    layers = tuple(owners[count - 1] for count in reached)
    return Randomisation(layers, torch.stack(signed, 1), torch.stack(absolute, 1), made)


def learned_layers(subject: Subject, targets: Sequence[Target]) -> tuple[str, ...]:
    """Modules with parameters of their own that the targets depend on, from the answer down.

    >>> from core.testing import planted_classifier
    >>> from core.targets import Unit
    >>> learned_layers(planted_classifier(seed=0), [Unit("relu", 0)])
    ('conv',)
    """
    order = {name: index for index, name in enumerate(subject.layers)}
    ends = [
        len(order) if isinstance(target, Output | Difference) else order[target.layer] for target in targets
    ]
    found = {}
    for name, module in subject.module.named_modules():
        place = order.get(name) if not list(module.children()) else _first(name, order)
        if place is not None and place <= max(ends) and list(module.parameters(recurse=False)):
            found[name] = place
    return tuple(sorted(found, key=lambda name: -found[name]))


def randomised(subject: Subject, layers: Sequence[str] | None = None, *, seed: int) -> Subject:
    """A copy of a subject whose named layers, or all, are random: weights normal of the same size, vectors shuffled.

    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> other = randomised(subject, ["head"], seed=0)
    >>> torch.equal(other.module.head.weight, subject.module.head.weight)
    False
    """
    module = deepcopy(subject.module)
    if layers is None:
        layers = [name for name, each in module.named_modules() if list(each.parameters(recurse=False))]
    with torch.no_grad():
        for name in layers:
            # Each layer draws from its own stream, so that a longer cascade repeats the shorter one.
            generator = torch.Generator().manual_seed(int(fingerprint(name, str(seed)), 16))
            for parameter in module.get_submodule(name).parameters(recurse=False):
                parameter.copy_(_redrawn(parameter, generator))
    mark = fingerprint(subject.fingerprint, "randomised", str(seed), *layers)
    return replace(subject, name=f"{subject.name}, randomised", module=module, fingerprint=mark)


def _redrawn(parameter: nn.Parameter, generator: torch.Generator) -> Tensor:
    values = parameter.detach().cpu().float()
    if values.ndim < 2:
        return values.flatten()[torch.randperm(values.numel(), generator=generator)].view(values.shape)
    return torch.randn(values.shape, generator=generator) * values.square().mean().sqrt()


def _first(container: str, order: dict[str, int]) -> int | None:
    """When the first layer inside a container runs: its own parameters are used around there."""
    inside = [index for name, index in order.items() if not container or name.startswith(f"{container}.")]
    return min(inside) if inside else order.get(container)


def _reached(layers: int, stages: int) -> list[int]:
    """How many layers are random at each stage: one, then evenly on, then all."""
    if stages == 1:
        return [layers]
    return sorted({round(1 + k * (layers - 1) / (stages - 1)) for k in range(stages)})
