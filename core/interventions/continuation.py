"""continuation(): a network run from one layer on, without computing again what does not depend on that layer."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.errors import BadInput
from core.interventions.dependence import Before, Trial, before, scored
from core.subject import Subject, feed, hooked, layer_named
from core.targets import Target, checked

TROUBLE = (RuntimeError, TypeError, AttributeError, ValueError, IndexError, KeyError)
"""What a network's own code may raise where it does not bear being taken apart; it bears a whole pass."""
TOLERANCE = 1e-4
"""By how much, of the largest score, a continued pass may differ from a whole one before it is not trusted."""


@dataclass(frozen=True, eq=False)
class Continuation:
    """How a subject is run from ``layer`` on to ``target``.

    ``skipped`` are the modules that are answered from a record of the clean run instead of being run; where there is
    none because the network cannot be continued, ``whole`` is true and every pass is a whole one.
    """

    subject: Subject
    layer: str
    target: Target
    whole: bool
    skipped: tuple[str, ...]
    _plan: Before | None = field(repr=False)
    _replay: "_Replay | None" = field(repr=False)

    def record(self, inputs: Float[Tensor, "n c h w"]) -> "Recorded":
        """One whole pass over ``inputs``, of which is kept what later passes do not compute again.

        >>> from core.targets import Output
        >>> from core.testing import spotlight
        >>> tail = continuation(spotlight(), "relu", Output("value")).record(torch.ones(1, 3, 10, 10))
        >>> tail.scores(2 * tail.activations).tolist()
        [24.0]
        """
        kept: dict[str, list[Any]] = {name: [] for name in [*self.skipped, self.layer]}

        def hook_for(name: str) -> Callable[[nn.Module, Any, Any], None]:
            def hook(_: nn.Module, __: Any, output: Any) -> None:
                if name == self.layer or self._plan is None:
                    kept[name].append(output.clone())
                else:
                    kept[name].append(self._plan.kept(output, name, len(kept[name])))

            return hook

        with torch.no_grad(), hooked(self.subject.module, kept, hook_for):
            clean = scored(self.subject, inputs, self.target)
        return Recorded(self, inputs, kept.pop(self.layer)[-1], clean, kept)


@dataclass(frozen=True, eq=False)
class Recorded:
    """A continuation and what it needs of some inputs: their ``activations`` at the layer and clean scores (n,)."""

    continuation: Continuation
    inputs: Float[Tensor, "n c h w"] = field(repr=False)
    activations: Float[Tensor, "n ..."] = field(repr=False)
    clean: Float[Tensor, "n"]
    kept: dict[str, list[Any]] = field(repr=False)

    @cached_property
    def fed(self) -> Float[Tensor, "n c h w"]:
        """The inputs as the module takes them."""
        return feed(self.continuation.subject, self.inputs)

    def scores(
        self, activations: Float[Tensor, "b ..."], rows: int | Sequence[int] = 0
    ) -> Float[Tensor, "b"]:
        """The target's scores if the layer said ``activations``; gradients reach them if torch records any.

        ``rows`` says which of the recorded inputs each comes from: one for all of them, or one each.
        """
        tail, known = self.continuation, self.activations
        if known.ndim == 4 and known.is_contiguous(memory_format=torch.channels_last):
            # Laid out in memory as the record is: convolutions on a CPU take half the time with channels last.
            activations = activations.contiguous(memory_format=torch.channels_last)
        which = torch.tensor([rows] * len(activations) if isinstance(rows, int) else list(rows))
        if len(which) != len(activations):
            raise BadInput(f"{len(activations)} activations come from {len(which)} inputs; give one for each")
        if tail._replay is None:
            inputs = _picked(self.inputs, rows, len(activations))
            return _whole(tail.subject, tail.layer, inputs, activations, tail.target)
        return tail._replay.scores(self, activations, rows)


def continuation(subject: Subject, layer: str, target: Target) -> Continuation:
    """The network from ``layer`` on to the target.

    Modules whose inputs do not depend on the layer are found by a pass with gradients, and answered from a record.
    What stands between modules (sums, concatenations) runs as written. Networks that this does not fit - a layer that
    is called twice, a state that changes with every pass - are run whole: a pass over a changed input is compared
    with a whole one before anything is skipped. Edits around this call (``intervened``) are part of the network.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the layer or the target.

    >>> from core.targets import Output
    >>> from core.testing import planted_classifier
    >>> continuation(planted_classifier(seed=0), "pool", Output("class", 0)).skipped
    ('conv', 'relu')
    """
    layer_named(subject, layer)
    checked(subject, target)
    whole = Continuation(subject, layer, target, True, (), None, None)
    if subject.layers[layer].calls > 1:
        return whole
    try:
        plan, trial = before(subject, layer, target)
    except TROUBLE:
        return whole
    for copying in (False, True):
        tail = _continued(subject, layer, target, plan, trial, copying)
        if tail is not None:
            return tail
    return whole


def _continued(
    subject: Subject, layer: str, target: Target, plan: Before, trial: Trial, copying: bool
) -> Continuation | None:
    """A continuation that is right, or None."""
    try:
        replay = _Replay(subject, layer, plan, copying)
        tail = Continuation(subject, layer, target, False, plan.modules, plan, replay)
        return tail if _agrees(tail, plan, trial) else None
    except TROUBLE:
        return None


class _Replay:
    """A twin of the network, sharing its weights, whose earlier modules read out what was recorded.

    ``copying`` is for networks that overwrite what a module answers (``out += shortcut``): they get copies.
    """

    def __init__(self, subject: Subject, layer: str, plan: Before, copying: bool) -> None:
        module = subject.module
        shared = {id(tensor): tensor for tensor in [*module.parameters(), *module.buffers()]}
        twin = copy.deepcopy(module, shared)
        channels = subject.spec.shape[0]
        as_it_is = replace(subject.spec, mean=(0.0,) * channels, std=(1.0,) * channels)
        self.subject = replace(subject, module=twin, spec=as_it_is)
        self.plan, self.layer, self.copying = plan, layer, copying
        self.kept: dict[str, list[Any]] = {}
        self.calls: dict[str, int] = {}
        self.n = 0
        self.rows: int | Sequence[int] = 0
        self.activations = torch.empty(0)
        for name in [*plan.modules, layer]:
            inner = twin.get_submodule(name)
            inner._forward_hooks.clear()  # what was recorded has been through them
            inner._forward_pre_hooks.clear()
            inner.forward = self._answer(name)

    def scores(self, recorded: Recorded, activations: Tensor, rows: int | Sequence[int]) -> Tensor:
        # Normalised for all at once: what nobody reads is repeated without a copy.
        inputs = _picked(recorded.fed, rows, len(activations))
        self.kept, self.n = recorded.kept, len(recorded.inputs)
        self.rows, self.activations = rows, activations
        self.calls.clear()
        try:
            return scored(self.subject, inputs, recorded.continuation.target)
        finally:
            self.kept, self.activations = {}, torch.empty(0)

    def _answer(self, name: str) -> Callable[..., Any]:
        def forward(*_: Any, **__: Any) -> Any:
            activations = self.activations
            if name == self.layer:
                return activations.clone() if self.copying else activations
            call = self.calls[name] = self.calls.get(name, -1) + 1

            def pick(tensor: Tensor) -> Tensor:
                picked = _picked(tensor, self.rows, len(activations))
                return picked.clone() if self.copying else picked

            return self.plan.spread(self.kept[name][call], name, call, self.n, pick)

        return forward


def _picked(tensor: Tensor, rows: int | Sequence[int], count: int) -> Tensor:
    """The rows of (n, ...) asked for; one of them ``count`` times costs nothing."""
    if isinstance(rows, int):
        return tensor[rows : rows + 1].expand(count, *tensor.shape[1:])
    return tensor[torch.tensor(list(rows), device=tensor.device)]


def _whole(subject: Subject, layer: str, inputs: Tensor, activations: Tensor, target: Target) -> Tensor:
    """A whole pass in which the layer's last call says ``activations``."""
    left = subject.layers[layer].calls

    def hook(_: nn.Module, __: Any, output: Any) -> Any:
        nonlocal left
        left -= 1
        return activations.clone() if left == 0 else output

    with hooked(subject.module, [layer], lambda _: hook):
        return scored(subject, inputs, target)


def _agrees(tail: Continuation, plan: Before, trial: Trial) -> bool:
    """Whether it says what the whole passes of the trial said, alone and together, and overwrites nothing."""
    kept = {
        name: [plan.kept(answer, name, call) for call, answer in enumerate(answers)]
        for name, answers in trial.answers.items()
    }
    recorded = Recorded(tail, trial.inputs, trial.activations, trial.clean, kept)
    one, other = trial.changed, trial.activations[1:]
    cases: tuple[tuple[Tensor, int | list[int]], ...] = (
        (torch.cat([one, other]), [0, 1]),
        (torch.cat([other, one]), [1, 0]),
        (torch.cat([one, one]), 0),
    )
    answers = [trial.wanted, trial.clean[1:], trial.clean[1:], trial.wanted, trial.wanted, trial.wanted]
    wanted = torch.cat(answers)
    with torch.no_grad():
        given = [(changed.clone(), rows) for changed, rows in cases]
        scores = [recorded.scores(changed, rows) for changed, rows in given]
    size = float(wanted.abs().max())
    same = torch.allclose(torch.cat(scores), wanted, rtol=TOLERANCE, atol=TOLERANCE * size)
    return same and all(
        torch.equal(changed, case[0]) for (changed, _), case in zip(given, cases, strict=True)
    )
