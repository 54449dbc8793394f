"""Attribution patching: all sites' effects at once, approximated by gradients."""

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.interventions.continuation import continuation
from core.interventions.patching import AT_ONCE, PatchEffects, assembled, check_pairs, checked_into, paired
from core.interventions.sites import By, checked_by, units_first
from core.progress import Progress, silent
from core.subject import Subject, layer_named
from core.targets import Target


def attribution_patching(
    subject: Subject,
    clean: Float[Tensor, "n c h w"],
    corrupted: Float[Tensor, "..."],
    target: Target,
    layer: str,
    *,
    by: str = "unit",
    into: str = "corrupted",
    steps: int = 1,
    progress: Progress = silent,
) -> PatchEffects:
    """``patch_effects`` to first order: gradient times (source - base), in one pass for all sites [nanda2023].

    Right where the network behind the layer is linear between the two runs. A ReLU (or maximum) that switches on the
    way makes it wrong, and one that is off in the base run hides everything behind it: ``agreement`` measures how
    much, ``switches`` says where. With more ``steps`` the gradient is the mean over as many points on the straight
    way from base to source [hanna2024], which sees such switches, at the cost of a pass each.

    Raises
    ------
    UnknownName, BadInput
        as ``patch_effects``.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> clean, corrupted = torch.ones(1, 3, 10, 10), torch.full((1, 3, 10, 10), 0.5)
    >>> attribution_patching(spotlight(), clean, corrupted, Output("policy", 1), "relu").effects.tolist()
    [[0.0, 1.0]]
    """
    info = layer_named(subject, layer)
    way, run = checked_by(by, info), checked_into(into)
    check_pairs(clean, corrupted)
    if steps < 1:
        raise BadInput(f"gradients are taken at 1 point or more between the two runs; got steps={steps}")
    tail = continuation(subject, layer, target)
    scores, parts = [], []
    for start in range(0, len(clean), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        pairs = paired(tail, clean[part], corrupted[part], first=start)
        base, source = pairs.ends(run)
        way_over, rows = source.activations - base.activations, list(range(len(base.inputs)))
        slope = torch.zeros_like(base.activations)
        for step in range(steps):
            # One step is the base itself; several are the middles of as many equal pieces of the way.
            share = 0.0 if steps == 1 else (step + 0.5) / steps
            with torch.enable_grad():
                point = (base.activations + share * way_over).detach().requires_grad_()
                total = base.scores(point, rows).sum()
                if total.requires_grad:
                    (grad,) = torch.autograd.grad(total, point, allow_unused=True)
                    slope += torch.zeros_like(slope) if grad is None else grad / steps
        moved = units_first(slope * way_over, info)
        scores.append(base.clean[:, None] + _summed(moved, way))
        parts.append(pairs)
        progress(min(start + AT_ONCE, len(clean)), len(clean), f"attribution patching {layer}")
    return assembled(tail, way, run, "gradient", torch.cat(scores), parts, steps=steps)


def _summed(moved: Float[Tensor, "n c p"], by: By) -> Float[Tensor, "n s"]:
    if by == "unit":
        return moved.sum(2)
    if by == "position":
        return moved.sum(1)
    return moved.flatten(1) if by == "unit and position" else moved.flatten(1).sum(1, keepdim=True)
