"""Quality: what a dictionary keeps of data that it was not fitted to, with how many atoms, and which never fire."""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.decomposition.encoders import Parts, codes_of
from core.uncertainty import Interval, bootstrap_interval, ratio_interval

ROWS = 8192
"""Rows that are encoded together."""


@dataclass(frozen=True, eq=False)
class Quality:
    """Measured on ``rows`` rows, which fitting did not see if ``held_out``.

    ``r2``: share of the variance (about those rows' mean) that decoded codes keep; ``l0``: atoms that are not 0 a row.
    Both with intervals over rows, or groups of them. ``firing`` (k,): share of rows on which an atom is not 0;
    ``strength`` (k,): root mean square of its codes.
    """

    r2: Interval
    l0: Interval
    firing: Float[Tensor, "k"] = field(repr=False)
    strength: Float[Tensor, "k"] = field(repr=False)
    rows: int
    held_out: bool

    @property
    def dead(self) -> int:
        """Atoms that were 0 on every row."""
        return int((self.firing == 0).sum())


def quality_of(
    rows: Float[Tensor, "n c"],
    atoms: Float[Tensor, "k c"],
    kind: str,
    parts: Parts,
    *,
    held_out: bool,
    group: int = 1,
    seed: int = 0,
) -> Quality:
    """Quality of atoms with their encoder on rows, ``group`` rows after one another being no more than one sample."""
    mean = rows.mean(0)
    missed, spread, counts = [], [], []
    firing, squares = torch.zeros(len(atoms)), torch.zeros(len(atoms))
    for batch in rows.split(ROWS):
        codes = codes_of(batch, atoms, kind, parts)
        missed.append((batch - parts["bias"] - codes @ atoms).square().sum(1))
        spread.append((batch - mean).square().sum(1))
        on = codes != 0
        counts.append(on.sum(1))
        firing += on.sum(0)
        squares += codes.square().sum(0)
    groups = np.arange(len(rows)) // group
    above, below, fired = (_by_group(torch.cat(each), groups) for each in (missed, spread, counts))
    unexplained = ratio_interval(above, below, seed=seed)
    r2 = Interval(1 - unexplained.estimate, 1 - unexplained.high, 1 - unexplained.low, unexplained.n)
    sizes = np.bincount(groups)
    return Quality(
        r2,
        bootstrap_interval(fired / sizes, seed=seed),
        firing / len(rows),
        (squares / len(rows)).sqrt(),
        len(rows),
        held_out,
    )


def _by_group(values: Tensor, groups: np.ndarray) -> np.ndarray:
    return np.bincount(groups, values.double().numpy())
