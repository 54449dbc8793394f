"""Max-sensitivity: how far a method's map moves while the input hardly does."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution.site import checked_inputs
from core.errors import BadInput
from core.faithfulness.explaining import Asking, explain, label
from core.faithfulness.measured import Measured
from core.faithfulness.scoring import Asked, per_input
from core.provenance import fingerprint, provenance
from core.subject import Subject


def max_sensitivity(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Asked,
    method: Asking,
    *,
    radius: float = 0.02,
    samples: int = 10,
    seed: int = 0,
) -> Measured:
    """The largest change of a map, as a share of its own Euclidean norm, over random neighbours of the input [yeh2019].

    It is low for a map that pays no attention to the input or the network at all: read it beside the others. A map
    of zeros counts as if its norm were 1.

    Raises
    ------
    BadInput, UnknownName
        if inputs, target or method do not fit; if ``radius`` or ``samples`` are not positive.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> shade = torch.full((2, 3, 10, 10), 0.5)
    >>> moved = max_sensitivity(spotlight(), shade, Output("value"), "integrated-gradients")
    >>> bool((moved.values <= 0.02 / 0.5).all())  # no value moves further
    True
    """
    inputs = checked_inputs(subject, inputs)
    if radius <= 0 or samples < 1:
        raise BadInput(f"max-sensitivity within {radius} by {samples} samples; both must be positive")
    targets = per_input(subject, target, len(inputs))
    before = explain(method, subject, inputs, targets, seed=seed).maps.flatten(1)
    norm = before.norm(dim=1)
    most = torch.zeros_like(norm)
    for near in neighbours(inputs, radius=radius, samples=samples, seed=seed):
        after = explain(method, subject, near, targets, seed=seed).maps.flatten(1)
        most = torch.maximum(most, (after - before).norm(dim=1) / torch.where(norm == 0, 1.0, norm))
    made = provenance(
        subject=subject.fingerprint,
        data=fingerprint(inputs),
        seed=seed,
        metric="max-sensitivity",
        radius=radius,
        samples=samples,
        method=label(method),
    )
    return Measured("max-sensitivity", most, made)


def neighbours(
    inputs: Float[Tensor, "n c h w"], *, radius: float, samples: int, seed: int
) -> Iterator[Float[Tensor, "n c h w"]]:
    """Inputs moved by at most ``radius`` in every value, drawn evenly, and kept within [0, 1].

    >>> near = next(neighbours(torch.zeros(1, 1, 2, 2), radius=0.1, samples=1, seed=0))
    >>> bool((near >= 0).all() and (near <= 0.1).all())
    True
    """
    generator = torch.Generator().manual_seed(seed)
    for _ in range(samples):
        step = (2 * torch.rand(inputs.shape, generator=generator) - 1) * radius
        yield (inputs + step.to(inputs)).clamp(0, 1)
