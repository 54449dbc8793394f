"""Stability: whether two dictionaries hold the same atoms, matched one to one."""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.decomposition.dictionary import Dictionary
from core.errors import BadInput
from core.uncertainty import Interval, bootstrap_interval, proportion_interval

SAME = 0.9
"""Cosine from which on two atoms are called the same."""


@dataclass(frozen=True, eq=False)
class Stability:
    """Atoms of a first dictionary matched to a second's, so that the sum of cosines is largest (Hungarian method).

    ``cosine`` (m,) and ``partner`` (m,) by the smaller dictionary's atoms; ``mean`` over them, ``same``: the share with
    a cosine above 0.9. Intervals are over atoms.
    """

    cosine: Float[Tensor, "m"] = field(repr=False)
    partner: Int[Tensor, "m"] = field(repr=False)
    mean: Interval
    same: Interval


def stability(first: Dictionary, second: Dictionary, *, seed: int = 0) -> Stability:
    """How well two dictionaries of one layer (other seeds, other data) agree; where codes are signed, up to sign.

    Raises
    ------
    BadInput
        if they are of layers of different width.

    >>> from core.decomposition import fit
    >>> rows = torch.randn(500, 6, generator=torch.Generator().manual_seed(0)) * torch.arange(1.0, 7)
    >>> one, two = (fit(rows, layer="fc", method="pca", k=3, seed=seed) for seed in (0, 1))
    >>> stability(one, two).same.estimate
    1.0
    """
    if first.channels != second.channels:
        raise BadInput(
            f"dictionaries of {first.channels} and {second.channels} channels cannot be compared; "
            "both must be of layers of one width"
        )
    signed = first.code == second.code == "linear"
    return matched(first.atoms, second.atoms, signed=signed, seed=seed)


def matched(
    atoms: Float[Tensor, "k c"], others: Float[Tensor, "m c"], *, signed: bool = False, seed: int = 0
) -> Stability:
    """Atoms matched one to one; rows need no unit length. ``signed`` atoms are the same as their opposites.

    >>> matched(torch.eye(3), torch.eye(3)[[2, 0, 1]]).partner.tolist()
    [1, 2, 0]
    """
    from scipy.optimize import linear_sum_assignment

    cosines = cosine_matrix(atoms, others)
    few = (cosines.abs() if signed else cosines).numpy()
    few = few if len(atoms) <= len(others) else few.T
    rows, columns = linear_sum_assignment(few, maximize=True)
    best = few[rows, columns]
    return Stability(
        torch.from_numpy(best.astype(np.float32)),
        torch.from_numpy(columns),
        bootstrap_interval(best, seed=seed),
        proportion_interval(int((best > SAME).sum()), len(best)),
    )


def cosine_matrix(atoms: Float[Tensor, "k c"], others: Float[Tensor, "m c"]) -> Float[Tensor, "k m"]:
    """Cosines between rows; 0 for a row of zeros."""
    return (
        torch.nn.functional.normalize(atoms.double(), dim=1)
        @ torch.nn.functional.normalize(others.double(), dim=1).T
    )


def mean_max_cosine(
    truth: Float[Tensor, "m c"], atoms: Float[Tensor, "k c"], *, signed: bool = False
) -> float:
    """For every true direction the best cosine of an atom, averaged [sharkey2022]: 1 if all are found.

    >>> mean_max_cosine(torch.eye(2), torch.tensor([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    1.0
    """
    cosines = cosine_matrix(truth, atoms)
    return float((cosines.abs() if signed else cosines).amax(1).mean())
