"""PCA: orthogonal atoms in order of the variance that they keep; exact for sources of any size."""

import torch

from core.decomposition.learned import Learned
from core.decomposition.source import BATCH, ActivationSource, finite_batches
from core.errors import BadInput
from core.progress import Progress, silent


def principal_components(
    source: ActivationSource, *, k: int, seed: int = 0, progress: Progress = silent
) -> Learned:
    """Eigenvectors of the covariance, added up in double precision in one pass; memory is channels squared.

    Signs are such that an atom's largest entry is positive. Nothing is random: ``seed`` is the order of reading.

    Raises
    ------
    BadInput
        if more atoms are asked for than the layer has channels.
    """
    channels = source.channels
    if k > channels:
        raise BadInput(
            f"PCA of a layer of {channels} channels has at most {channels} atoms; {k} were asked for"
        )
    total = torch.zeros(channels, dtype=torch.float64)
    products = torch.zeros(channels, channels, dtype=torch.float64)
    shift = torch.zeros(channels, dtype=torch.float64)
    done = 0
    for batch in finite_batches(source, BATCH, seed):
        rows = batch.double()
        # Near the mean, so that squares do not swamp the rest.
        shift = shift if done else rows.mean(0)
        rows = rows - shift
        total += rows.sum(0)
        products += rows.T @ rows
        done += len(batch)
        progress(done, len(source), "principal components")
    mean = total / done
    variances, vectors = torch.linalg.eigh(products / done - torch.outer(mean, mean))
    atoms = vectors.T.flip(0)[:k]
    atoms = atoms * atoms.gather(1, atoms.abs().argmax(1, keepdim=True)).sign()
    return Learned(
        atoms.float(),
        {
            "bias": (mean + shift).float(),
            "encoder": atoms.float(),
            "encoder_bias": torch.zeros(k),
            "variances": variances.flip(0)[:k].clamp_min(0).float(),
        },
    )
