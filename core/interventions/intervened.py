"""intervened(): a subject whose forward passes are edited, inside a with block; edited(): a copy that stays so."""

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from core.errors import BadInput
from core.interventions.edits import Intervention, applied, fitting
from core.layers import LayerInfo
from core.provenance import fingerprint
from core.subject import Subject


@contextmanager
def intervened(subject: Subject, *interventions: Intervention) -> Iterator[Subject]:
    """Inside, every forward pass of ``subject`` is edited; the Subject yielded is the same network under a new name.

    Edits of one layer are made in the order given, and compose with those of a block around this one. Of a layer
    that a pass calls several times the last call is edited, the one that ``core.activations.capture`` keeps.
    Whatever happens inside, the network is afterwards as it was.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks a layer, unit or position, or activations that are put in do not fit the layer.

    >>> import torch
    >>> from core.interventions.edits import clamp
    >>> from core.subject import run
    >>> from core.targets import Unit
    >>> from core.testing import spotlight
    >>> with intervened(spotlight(), clamp(Unit("relu", 1), 0.0)) as blind:
    ...     run(blind, torch.ones(1, 3, 10, 10))["policy"].tolist()
    [[4.0, 0.0]]
    """
    checked = _checked(subject, interventions)
    with ExitStack() as undo:
        for handle in _attach(subject.module, subject, checked):
            undo.callback(handle.remove)
        yield _renamed(subject, subject.module, checked)


def edited(subject: Subject, *interventions: Intervention) -> Subject:
    """A copy of the subject with the edits built in, for good: to be played for thousands of episodes, say.

    Raises
    ------
    UnknownName, BadInput
        as ``intervened``.

    >>> import torch
    >>> from core.interventions.edits import ablate
    >>> from core.subject import run
    >>> from core.testing import spotlight
    >>> run(edited(spotlight(), ablate("relu")), torch.ones(1, 3, 10, 10))["policy"].tolist()
    [[0.0, 0.0]]
    """
    checked = _checked(subject, interventions)
    module = copy.deepcopy(subject.module)
    for _ in _attach(module, subject, checked):
        pass  # the hooks stay
    return _renamed(subject, module, checked)


def _checked(subject: Subject, interventions: Sequence[Intervention]) -> tuple[Intervention, ...]:
    for one in interventions:
        if not isinstance(one, Intervention):
            raise BadInput(f"{one!r} is no intervention; make one with ablate, patch, steer or clamp")
    return tuple(fitting(subject, one) for one in interventions)


def _attach(
    module: nn.Module, subject: Subject, interventions: Sequence[Intervention]
) -> Iterator[RemovableHandle]:
    """One hook a layer, whichever of its calls is the last."""
    by_layer: dict[str, list[Intervention]] = {}
    for one in interventions:
        by_layer.setdefault(one.layer, []).append(one)
    calls = threading.local()  # an agent is played by several threads
    if any(subject.layers[layer].calls > 1 for layer in by_layer):
        yield module.register_forward_pre_hook(lambda *_: vars(calls).clear())
    for layer, edits in by_layer.items():
        hook = _hook(subject.layers[layer], edits, calls)
        yield module.get_submodule(layer).register_forward_hook(hook)


def _hook(
    layer: LayerInfo, edits: Sequence[Intervention], calls: threading.local
) -> Callable[[nn.Module, Any, Tensor], Tensor]:
    def hook(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        if layer.calls > 1:
            count = vars(calls)[layer.name] = vars(calls).get(layer.name, 0) + 1
            if count != layer.calls:
                return output
        for one in edits:
            output = applied(one, output, layer)
        return output

    return hook


def _renamed(subject: Subject, module: nn.Module, interventions: Sequence[Intervention]) -> Subject:
    if not interventions:
        return replace(subject, module=module)
    about = [text for one in interventions for text in (one.name, one.content)]
    name = f"{subject.name} with {', '.join(map(str, interventions))}"
    return replace(subject, module=module, name=name, fingerprint=fingerprint(subject.fingerprint, *about))
