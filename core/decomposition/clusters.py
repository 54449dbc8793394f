"""k-means: one atom a cluster of activations; scikit-learn's, in minibatches where memory asks for it."""

import torch
from jaxtyping import Float
from torch import Tensor

from core.decomposition.learned import Learned, unit_rows
from core.decomposition.source import BATCH, ActivationSource, finite_batches, fits, whole
from core.progress import Progress, silent


def clusters(
    source: ActivationSource, *, k: int, seed: int = 0, starts: int = 4, progress: Progress = silent
) -> Learned:
    """k-means [lloyd1982]: an atom points from the mean of all activations to a cluster's centre.

    The code of the nearest centre is how far the activation goes along its atom, all others are 0. The best of
    several ``starts`` is kept; a source that is not read whole is seen in three passes of minibatches.
    """
    centres, mean = _whole(source, k, seed, starts) if fits(source) else _streamed(source, k, seed, progress)
    progress(1, 1, "clusters")
    atoms, lengths = unit_rows((centres - mean).float())
    return Learned(atoms, {"bias": mean.float(), "lengths": lengths})


def centres(atoms: Float[Tensor, "k c"], bias: Float[Tensor, "c"], lengths: Float[Tensor, "k"]) -> Tensor:
    """The clusters' centres (k, c) in the layer's space.

    >>> centres(torch.eye(2), torch.ones(2), torch.tensor([1.0, 2.0])).tolist()
    [[2.0, 1.0], [1.0, 3.0]]
    """
    return bias + lengths[:, None] * atoms


def _whole(source: ActivationSource, k: int, seed: int, starts: int) -> tuple[Tensor, Tensor]:
    from sklearn.cluster import KMeans

    rows = whole(source).double()
    model = KMeans(k, n_init=starts, random_state=seed).fit(rows.numpy())
    return torch.from_numpy(model.cluster_centers_), rows.mean(0)


def _streamed(source: ActivationSource, k: int, seed: int, progress: Progress) -> tuple[Tensor, Tensor]:
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(k, random_state=seed, batch_size=max(BATCH, 3 * k))
    total, done, passes = torch.zeros(source.channels, dtype=torch.float64), 0, 3
    for turn in range(passes):
        for rows in finite_batches(source, max(BATCH, 3 * k), seed + turn):
            if len(rows) < k and not done:
                continue
            model.partial_fit(rows.double().numpy())
            total += rows.double().sum(0)
            done += len(rows)
            progress(done, passes * len(source), "clusters")
    return torch.from_numpy(model.cluster_centers_), total / done
