"""capture(): run a subject once, keep the layers asked for, and stop after the last of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.errors import NotFinite
from core.subject import Hook, Subject, feed, hooked, layer_named


@dataclass(frozen=True, eq=False)
class ActivationCache(Mapping[str, Tensor]):
    """Layer name to activations, first axis the inputs: (n, c, h, w) maps, (n, c) vectors, (n, t, c) tokens."""

    activations: Mapping[str, Tensor]
    subject: str

    def __getitem__(self, layer: str) -> Tensor:
        return self.activations[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self.activations)

    def __len__(self) -> int:
        return len(self.activations)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {tuple(value.shape)}" for name, value in self.activations.items())
        return f"ActivationCache({shapes})"


class _Enough(Exception):
    """Every layer asked for has answered; the rest of the network need not run."""


def capture(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    layers: Sequence[str],
    *,
    batch_size: int = 256,
    grad: bool = False,
) -> ActivationCache:
    """The activations of some layers for inputs in [0, 1]; the network runs no further than it must.

    With ``grad`` everything runs in one batch and gradients reach the inputs.

    Raises
    ------
    UnknownName
        if a layer is not the subject's.
    NotFinite
        if an activation is NaN or infinite; names the first such layer.

    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> capture(subject, torch.rand(2, *subject.spec.shape), ["conv"])["conv"].shape[:2]
    torch.Size([2, 4])
    """
    names = [layer_named(subject, name).name for name in layers]
    if grad:
        return ActivationCache(_once(subject, inputs, names), subject.fingerprint)
    with torch.no_grad():
        parts = [_once(subject, batch, names) for batch in inputs.split(batch_size)]
    joined = {name: torch.cat([part[name] for part in parts]) for name in names}
    for name, values in joined.items():
        if not torch.isfinite(values.sum()):  # one quick pass; NaN and infinity both survive a sum
            bad = int((~torch.isfinite(values)).flatten(1).any(1).int().argmax())
            raise NotFinite(
                f"activations of {subject.name} at layer {name!r} are not finite, first for input {bad}"
            )
    return ActivationCache(joined, subject.fingerprint)


def _once(subject: Subject, inputs: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
    with recording(subject, names) as kept:
        run_until_enough(subject.module, feed(subject, inputs))
    return dict(kept)


@contextmanager
def recording(
    subject: Subject, layers: Sequence[str], *, keep: Callable[[str, Tensor], Tensor] | None = None
) -> Iterator[dict[str, Tensor]]:
    """Inside, forward passes fill the yielded dict and end once every layer has answered (its last call).

    ``keep(layer, output)`` says what is kept of an output: itself, without.
    """
    kept: dict[str, Tensor] = {}
    left = {name: subject.layers[name].calls for name in layers}

    def hook_for(name: str) -> Hook:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            left[name] -= 1
            last = not any(count > 0 for count in left.values())
            if keep is not None:
                kept[name] = keep(name, output)
            else:
                # What runs on may overwrite it (``out += shortcut``); where gradients flow, torch guards what it needs.
                kept[name] = output if last or output.requires_grad else output.clone()
            if last:
                raise _Enough

        return hook

    with hooked(subject.module, left, hook_for):
        yield kept


def run_until_enough(module: nn.Module, inputs: Tensor) -> None:
    """Run ``module`` until a ``recording`` around it has what it wants."""
    try:
        module(inputs)
    except _Enough:
        return
