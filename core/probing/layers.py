"""probed_layers(): concepts read off the input and every layer of a subject, beside the same network untrained."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor

from core.activations import capture
from core.faithfulness import randomised
from core.probing.labelled import Labelled
from core.probing.probe import probes
from core.probing.result import ProbeResult
from core.progress import Progress, silent
from core.subject import Subject

INPUT = "input"
"""The row of what the network is given; where it scores high already, knowing is no merit of the network."""


def probed_layers(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    concepts: Mapping[str, Labelled],
    *,
    groups: ArrayLike | None = None,
    layers: Sequence[str] | None = None,
    method: str = "ridge",
    untrained: bool | Sequence[ProbeResult] = True,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[ProbeResult, ...]:
    """Each concept at "input" and at every layer without parts of its own, in one pass over the inputs.

    ``layers`` are others to be probed, "input" among them if it is to be. ``untrained`` fills in the scores of the
    network with all its weights random; or gives results of such a network, which then is not probed again.

    Raises
    ------
    UnknownName, BadInput
        as ``core.activations.capture`` and ``core.probing.probes``.

    >>> import torch
    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> images = torch.rand(60, *subject.spec.shape, generator=torch.Generator().manual_seed(0))
    >>> wanted = {"red": Labelled("continuous", images[:, 0].mean((1, 2)).numpy())}
    >>> [result.layer for result in probed_layers(subject, images, wanted)]
    ['input', 'conv', 'relu', 'pool', 'head']
    """
    names = [INPUT, *leaves(subject)] if layers is None else list(layers)
    found = probes(
        _activations(subject, inputs, names),
        concepts,
        groups=groups,
        method=method,
        seed=seed,
        progress=progress,
    )
    if untrained is False:
        return found
    if untrained is True:
        other = _activations(
            randomised(subject, seed=seed), inputs, [name for name in names if name != INPUT]
        )
        untrained = (
            probes(other, concepts, groups=groups, method=method, seed=seed, progress=progress)
            if other
            else ()
        )
    scores = {(one.concept, one.layer): one.score for one in untrained if one.layer != INPUT}
    return tuple(replace(one, untrained=scores.get((one.concept, one.layer))) for one in found)


def leaves(subject: Subject) -> tuple[str, ...]:
    """The layers that have no parts of their own, in the order in which they run.

    >>> from core.testing import planted_classifier
    >>> leaves(planted_classifier(seed=0))
    ('conv', 'relu', 'pool', 'head')
    """
    return tuple(name for name in subject.layers if not list(subject.module.get_submodule(name).children()))


def _activations(
    subject: Subject, inputs: Float[Tensor, "n c h w"], names: Sequence[str]
) -> dict[str, Tensor]:
    within = [name for name in names if name != INPUT]
    kept = capture(subject, inputs, within) if within else {}
    return {name: inputs if name == INPUT else kept[name] for name in names}
