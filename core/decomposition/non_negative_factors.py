"""NMF: non-negative atoms that only add up; scikit-learn's, in minibatches where memory asks for it."""

import warnings

import torch

from core.decomposition.learned import Learned, unit_rows
from core.decomposition.source import BATCH, ActivationSource, finite_batches, fits, whole
from core.errors import BadInput
from core.progress import Progress, silent


def non_negative_factors(
    source: ActivationSource,
    *,
    k: int,
    seed: int = 0,
    iterations: int = 400,
    progress: Progress = silent,
) -> Learned:
    """NMF [lee1999] by coordinate descent, or by minibatches where the source is not read whole.

    Raises
    ------
    BadInput
        if an activation is negative.
    """
    from sklearn.decomposition import NMF, MiniBatchNMF
    from sklearn.exceptions import ConvergenceWarning

    start = "nndsvda" if k <= min(len(source), source.channels) else "random"
    with warnings.catch_warnings():  # the quality says how good the answer is, converged or not
        warnings.simplefilter("ignore", ConvergenceWarning)
        if fits(source):
            rows = whole(source)
            _refuse_negative(rows)
            model = NMF(k, init=start, random_state=seed, max_iter=iterations, tol=1e-5).fit(
                rows.double().numpy()
            )
        else:
            model = MiniBatchNMF(k, init=start, random_state=seed, batch_size=BATCH)
            done = 0
            for rows in finite_batches(source, BATCH, seed):
                _refuse_negative(rows)
                model.partial_fit(rows.double().numpy())
                done += len(rows)
                progress(done, len(source), "non-negative factors")
    atoms, _ = unit_rows(torch.from_numpy(model.components_).float())
    return Learned(atoms, {"bias": torch.zeros(source.channels)})


def _refuse_negative(rows: torch.Tensor) -> None:
    lowest = rows.min().item()
    if lowest < 0:
        raise BadInput(
            f"NMF takes activations of 0 and above and the lowest here is {lowest:.4g}; decompose the layer behind "
            "the rectifier, or use pca, ica or a sparse autoencoder"
        )
