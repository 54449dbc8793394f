"""Spearman correlation of two maps of the same input."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.faithfulness.sensitivity_n import pearson


def spearman(a: Float[Tensor, "n h w"], b: Float[Tensor, "n h w"]) -> Float[Tensor, "n"]:
    """Rank correlation of each pair of maps, equal values sharing their rank.

    A map that is the same everywhere resembles only another such (1), and nothing else (0).

    >>> a = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> spearman(a, a.exp()).item(), spearman(a, -a).item(), spearman(a, torch.zeros(1, 2, 2)).item()
    (1.0, -1.0, 0.0)
    """
    from scipy.stats import rankdata

    first, second = (rankdata(maps.detach().cpu().flatten(1).numpy(), axis=1) for maps in (a, b))
    flat = (np.ptp(first, axis=1) == 0) & (np.ptp(second, axis=1) == 0)
    found = pearson(torch.from_numpy(first), torch.from_numpy(second))
    return torch.where(torch.from_numpy(flat), 1.0, found)
