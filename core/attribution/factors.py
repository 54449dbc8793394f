"""factored(): a hidden layer's attributions taken apart into a few groups of units, and what they leave over."""

import warnings
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution.result import Attribution
from core.errors import BadInput
from core.provenance import Provenance, provenance
from core.targets import Direction


@dataclass(frozen=True, eq=False)
class Factors:
    """Attributions at a layer as a sum of few groups of units and a residual.

    ``atoms`` (k, c) are the groups, not negative and of length 1, in order of what they explain; ``maps``
    (n, k, h, w) is how much each counted for (positive) or against (negative) the target, in units of the score:
    the sum over its units. ``residual`` (n, h, w) is what no group holds, ``explained`` the share of the
    attributions' squares that the groups hold together: at most 1, and 1 is all.
    """

    layer: str
    target: str
    atoms: Float[Tensor, "k c"] = field(repr=False)
    maps: Float[Tensor, "n k h w"] = field(repr=False)
    residual: Float[Tensor, "n h w"] = field(repr=False)
    explained: float
    provenance: Provenance = field(repr=False)

    def direction(self, atom: int) -> Direction:
        """An atom as a target of its own: what drives it, what it looks like."""
        if not 0 <= atom < len(self.atoms):
            raise BadInput(f"there are factors 0 to {len(self.atoms) - 1}; {atom} is not among them")
        return Direction(self.layer, self.atoms[atom], f"factor {atom}")


def factored(attribution: Attribution, *, k: int = 8, seed: int = 0, iterations: int = 500) -> Factors:
    """Attributions of a hidden layer by non-negative matrix factorisation [hilton2020], by scikit-learn.

    What counted for the target and what counted against it are factorised together, as rows of one matrix, so that
    a group of units is the same on both sides. Maps and residual sum exactly to the attribution's heatmap.

    It shows groups that count at the same places. Which they are depends on ``k`` and on the inputs, and another
    seed may find others; the residual is what they cannot say.

    Raises
    ------
    BadInput
        if the attribution is not one of a layer's units (Grad-CAM's, the input's), or k does not fit.

    >>> from core.attribution import integrated_gradients
    >>> from core.targets import Output
    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> made = integrated_gradients(subject, torch.rand(4, 3, 12, 12), Output("class", 1), at="relu")
    >>> factored(made, k=2).maps.shape
    torch.Size([4, 2, 12, 12])
    """
    maps = attribution.maps().detach()
    n, c, h, w = maps.shape
    if attribution.at == "input" or c == 1:
        raise BadInput(
            f"{attribution.method} at {attribution.at!r} gives no share to each unit of a layer; expected an "
            "attribution of a layer's units, as by integrated-gradients at a layer"
        )
    if not 1 <= k <= min(c, n * h * w):
        raise BadInput(
            f"{k} factors do not fit {c} units at {n * h * w} positions; expected 1 to {min(c, n * h * w)}"
        )
    rows = maps.permute(0, 2, 3, 1).reshape(-1, c).double().cpu().numpy()
    codes, atoms = _factors(np.concatenate([np.maximum(rows, 0), np.maximum(-rows, 0)]), k, seed, iterations)
    signed = codes[: len(rows)] - codes[len(rows) :]
    left = rows - signed @ atoms
    whole = float((rows**2).sum())
    return Factors(
        layer=attribution.at,
        target=attribution.target,
        atoms=torch.from_numpy(atoms).float(),
        maps=_maps(signed * atoms.sum(1), n, h, w),
        residual=_maps(left.sum(1, keepdims=True), n, h, w)[:, 0],
        explained=1.0 if whole == 0 else 1 - float((left**2).sum()) / whole,
        provenance=provenance(
            subject=attribution.provenance.subject,
            data=attribution.provenance.data,
            seed=seed,
            method=attribution.method,
            k=k,
            iterations=iterations,
        ),
    )


def _factors(rows: np.ndarray, k: int, seed: int, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes (m, k) and atoms (k, c) of length 1, those that hold most first; rows of zeros are spared."""
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    codes, filled = np.zeros((len(rows), k)), rows.any(1)
    if not filled.any():
        return codes, np.zeros((k, rows.shape[1]))
    model = NMF(k, init="nndsvda", random_state=seed, max_iter=iterations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # what is missing is in the residual
        codes[filled] = model.fit_transform(rows[filled])
    atoms = model.components_
    lengths = np.linalg.norm(atoms, axis=1)
    atoms = atoms / np.where(lengths > 0, lengths, 1)[:, None]
    codes = codes * lengths
    order = np.argsort(-(codes**2).sum(0), kind="stable")
    return codes[:, order], atoms[order]


def _maps(values: np.ndarray, n: int, h: int, w: int) -> Float[Tensor, "n k h w"]:
    return torch.from_numpy(values).float().view(n, h, w, -1).permute(0, 3, 1, 2).contiguous()
