"""Scores of many perturbed inputs in batches of bounded size; a target for all inputs or one for each."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.errors import BadInput, NotFinite
from core.progress import Progress, silent
from core.subject import Subject, run
from core.targets import Difference, Output, Target, answered, checked, score

Asked = Target | Sequence[Target]
"""One target for all inputs, or one for each (every photograph's own class)."""

BATCH = 32
"""Perturbed inputs that are held and run at once, unless told otherwise."""


def per_input(subject: Subject, target: Asked, n: int) -> tuple[Target, ...]:
    """One target for each input.

    Raises
    ------
    BadInput, UnknownName
        if the subject lacks one, or there are not as many as inputs.

    >>> from core.testing import spotlight
    >>> len(per_input(spotlight(), Output("policy", 1), 3))
    3
    """
    targets = tuple(target) if isinstance(target, Sequence) else (target,) * n
    if len(targets) != n:
        raise BadInput(f"{len(targets)} targets for {n} inputs; expected one for all or one for each")
    for one in dict.fromkeys(targets):
        checked(subject, one)
    return targets


def groups(targets: Sequence[Target]) -> dict[Target, list[int]]:
    """The inputs that ask for each target.

    >>> groups([Output("class", 1), Output("class", 2), Output("class", 1)])[Output("class", 1)]
    [0, 2]
    """
    found: dict[Target, list[int]] = {}
    for index, target in enumerate(targets):
        found.setdefault(target, []).append(index)
    return found


def answers(
    subject: Subject, inputs: Float[Tensor, "n c h w"], targets: Sequence[Target]
) -> Float[Tensor, "n"]:
    """Each input's own target's score; outputs of one head come from one forward pass.

    >>> from core.testing import spotlight
    >>> answers(spotlight(), torch.ones(2, 3, 10, 10), [Output("policy", 0), Output("policy", 1)]).tolist()
    [4.0, 8.0]
    """
    asked = groups(targets)
    outputs = [target for target in asked if isinstance(target, Output | Difference)]
    told = run(subject, inputs) if outputs else {}
    found = inputs.new_empty(len(inputs), device=subject.device)
    for target, which in asked.items():
        if isinstance(target, Output | Difference):
            found[which] = answered({head: values[which] for head, values in told.items()}, target)
        else:
            found[which] = score(subject, inputs[which], target)
    return found


def scored(
    subject: Subject,
    targets: Sequence[Target],
    of: Int[Tensor, "m"],
    build: Callable[[Int[Tensor, "b"]], Float[Tensor, "b c h w"]],
    *,
    batch_size: int = BATCH,
    progress: Progress = silent,
    label: str = "scoring",
) -> Float[Tensor, "m"]:
    """Scores of ``m`` inputs that ``build`` makes batch by batch, from their numbers; row r asks ``targets[of[r]]``.

    Raises
    ------
    NotFinite
        if a score is NaN or infinite.

    >>> from core.testing import spotlight
    >>> dark = lambda rows: torch.zeros(len(rows), 3, 10, 10)
    >>> scored(spotlight(), [Output("value")], torch.zeros(5, dtype=torch.int64), dark, batch_size=2).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    parts, whose = [], of.tolist()
    with torch.no_grad():
        for start in range(0, len(whose), batch_size):
            rows = torch.arange(start, min(start + batch_size, len(whose)), device=of.device)
            asked = [targets[index] for index in whose[start : start + batch_size]]
            parts.append(answers(subject, build(rows), asked))
            progress(min(start + batch_size, len(whose)), len(whose), label)
    found = torch.cat(parts)
    if not torch.isfinite(found).all():
        raise NotFinite(f"{subject.name} answers a perturbed input with NaN or infinity")
    return found
