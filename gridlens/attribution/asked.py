"""Cases: which input is explained for which target - those asked for, or what the network chose."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from core.subject import Subject, run
from core.targets import Output, Target, parse, score


@dataclass(frozen=True, eq=False)
class Asked:
    """Input number ``source`` explained for ``target``, which people call ``said``; ``scored`` is its score there."""

    source: int
    target: Target = field(repr=False)
    said: str
    scored: float


def cases(subject: Subject, inputs: Tensor, texts: Sequence[str] = ()) -> list[Asked]:
    """Every input with every target asked for; without any, with what the network chose (and the value it gave).

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks a target.

    >>> from core.testing import planted_classifier
    >>> [case.said for case in cases(planted_classifier(seed=0), torch.rand(2, 3, 12, 12), ["class:1"])]
    ['class 1', 'class 1']
    """
    wanted: list[list[Target]] = [[parse(text, subject) for text in texts]] * len(inputs)
    if not texts:
        wanted = _chosen(subject, inputs)
    found = []
    with torch.no_grad():
        for source, targets in enumerate(wanted):
            for target in targets:
                value = float(score(subject, inputs[source : source + 1].to(subject.device), target))
                found.append(Asked(source, target, said(subject, target), value))
    return found


def _chosen(subject: Subject, inputs: Tensor) -> list[list[Target]]:
    first = next(iter(subject.heads))
    with torch.no_grad():
        best = run(subject, inputs.to(subject.device))[first].argmax(1).tolist()
    value: list[Target] = [Output("value")] if "value" in subject.heads and first != "value" else []
    return [[Output(first, index), *value] for index in best]


def said(subject: Subject, target: Target) -> str:
    """A target in words: ``policy up``, ``value``, ``conv2:7``.

    >>> from core.testing import spotlight
    >>> said(spotlight(), Output("policy", 1)), said(spotlight(), Output("value"))
    ('policy second', 'value')
    """
    if isinstance(target, Output):
        labels = subject.heads[target.head]
        return f"{target.head} {labels[target.index]}" if len(labels) > 1 else target.head
    return str(target)
