"""own_answers(): each picture's answer to its own target, all in as few passes as there are layers."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.errors import BadInput
from core.subject import Subject, run
from core.targets import Difference, Output, Target, answered, checked, target_map


def own_answers(
    subject: Subject, targets: Sequence[Target], pictures: Float[Tensor, "n c h w"], *, batch_size: int = 16
) -> Float[Tensor, "n"]:
    """Picture i's value for target i, the mean over positions where the target has a map, as rendering raises it.

    Raises
    ------
    BadInput
        if there are not as many pictures as targets.

    >>> from core.targets import Unit
    >>> from core.testing import planted_classifier
    >>> own_answers(planted_classifier(seed=0), [Unit("conv", 0), Output("class", 1)], torch.rand(2, 3, 12, 12)).shape
    torch.Size([2])
    """
    if len(targets) != len(pictures):
        raise BadInput(
            f"{len(pictures)} pictures were given for {len(targets)} targets; expected one for each"
        )
    groups: dict[str, list[int]] = {}
    for place, target in enumerate(targets):
        checked(subject, target)
        groups.setdefault("" if isinstance(target, Output | Difference) else target.layer, []).append(place)
    answers = torch.zeros(len(targets))
    for layer, members in groups.items():
        for part in torch.tensor(members).split(batch_size):
            chosen = [targets[i] for i in part.tolist()]
            answers[part] = _answers(
                subject,
                layer,
                chosen,
                pictures[part.to(pictures.device)].contiguous(memory_format=torch.channels_last),
            )
    return answers


def _answers(subject: Subject, layer: str, targets: Sequence[Target], pictures: Tensor) -> Float[Tensor, "n"]:
    """As above for targets of one layer, or of any heads."""
    if not layer:
        with torch.no_grad():
            heads = run(subject, pictures)
        rows = [
            answered(heads, target)[i]
            for i, target in enumerate(targets)
            if isinstance(target, Output | Difference)
        ]
        return torch.stack(rows).float().cpu()
    activations = capture(subject, pictures, [layer])[layer]
    about = subject.layers[layer]
    maps = [
        target_map(activations[i : i + 1], target, about).mean()
        for i, target in enumerate(targets)
        if not isinstance(target, Output | Difference)
    ]
    return torch.stack(maps).float().cpu()
