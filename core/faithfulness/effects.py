"""What taking positions out does to the score: masks, and the fall of the score under each."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput
from core.faithfulness.baselines import Baseline, replaced
from core.faithfulness.case import Case
from core.faithfulness.scoring import scored


@dataclass(frozen=True, eq=False)
class Effects:
    """``falls`` (n, m): how much each input's score falls where mask m of ``masks`` (m, 1 or c, h, w) is taken out.

    No map comes in here: one set of effects serves every map of these inputs.
    """

    masks: Float[Tensor, "m d h w"] = field(repr=False)
    falls: Float[Tensor, "n m"] = field(repr=False)
    baseline: Baseline

    def promised(self, case: Case) -> Float[Tensor, "k m"]:
        """What each map says should have happened: its sum over what was taken out."""
        return case.maps.flatten(1) @ self.masks.sum(1).flatten(1).T


def effects(case: Case, masks: Float[Tensor, "m d h w"], *, baseline: Baseline) -> Effects:
    """The fall of every input's score where each mask (1 = taken out, 0 = left) is replaced by the baseline.

    Masks have one channel (a position goes in all channels) or the inputs' (features go one by one).

    Raises
    ------
    BadInput
        if the masks are not of the inputs' size.

    >>> from core.faithfulness.case import case_of
    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> case = case_of(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1), torch.rand(1, 10, 10))
    >>> effects(case, torch.ones(1, 1, 10, 10), baseline="black").falls.item()
    8.0
    """
    n, c, *size = case.inputs.shape
    if masks.ndim != 4 or masks.shape[1] not in (1, c) or list(masks.shape[2:]) != size:
        raise BadInput(
            f"masks of shape {tuple(masks.shape)}; expected (m, 1 or {c}, {', '.join(map(str, size))})"
        )
    count = len(masks)
    masks, behind = masks.to(case.inputs), replaced(case.inputs, baseline)
    whole = torch.arange(n, device=case.inputs.device)
    whose = torch.cat([whole, whole.repeat_interleave(count)])

    def build(rows: Tensor) -> Tensor:
        """The inputs themselves, then each under every mask."""
        which = whose[rows]
        taken = masks[(rows - n) % count] * (rows >= n)[:, None, None, None]
        return torch.where(taken > 0, behind[which], case.inputs[which])

    found = scored(
        case.subject,
        case.targets,
        whose,
        build,
        batch_size=case.batch_size,
        progress=case.progress,
        label=f"what is taken out, {baseline}",
    )
    return Effects(masks, found[:n, None] - found[n:].view(n, count), baseline)


def squares(size: tuple[int, int], samples: int, *, seed: int) -> Float[Tensor, "m 1 h w"]:
    """Squares at random places, their sides drawn evenly from an eighth to a half of the shorter side.

    They may reach over the border, so that every position is in one as often as any other.

    >>> masks = squares((16, 16), 50, seed=0)
    >>> masks.sum((1, 2, 3)).min().item() >= 1.0, masks.sum((1, 2, 3)).max().item() <= 64.0
    (True, True)
    """
    generator = torch.Generator().manual_seed(seed)
    least, most = max(1, min(size) // 8), max(1, min(size) // 2)
    masks = torch.zeros(samples, 1, *size)
    for mask in masks[:, 0]:
        side = _drawn(least, most, generator)
        row, column = (_drawn(1 - side, length - 1, generator) for length in size)
        mask[max(0, row) : row + side, max(0, column) : column + side] = 1.0
    return masks


def subsets(
    size: tuple[int, int], count: int, samples: int, *, side: int = 1, seed: int
) -> Float[Tensor, "m 1 h w"]:
    """Random subsets of ``count`` features; a feature is a square of ``side`` positions (cut at the border).

    Raises
    ------
    BadInput
        if there are not so many features.

    >>> subsets((4, 4), 2, 3, side=2, seed=0).sum((1, 2, 3)).tolist()
    [8.0, 8.0, 8.0]
    """
    rows, columns = (-(-length // side) for length in size)
    if not 1 <= count <= rows * columns:
        raise BadInput(f"subsets of {count} features; there are 1 to {rows * columns}")
    generator = torch.Generator().manual_seed(seed)
    order = torch.rand(samples, rows * columns, generator=generator).argsort(1)[:, :count]
    cells = torch.zeros(samples, rows * columns).scatter_(1, order, 1.0).view(samples, 1, rows, columns)
    spread = cells.repeat_interleave(side, 2).repeat_interleave(side, 3)
    return spread[:, :, : size[0], : size[1]]


def _drawn(low: int, high: int, generator: torch.Generator) -> int:
    return int(torch.randint(low, high + 1, (1,), generator=generator))
