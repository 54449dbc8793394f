"""ICA: atoms whose codes are as independent as can be; scikit-learn's FastICA."""

import warnings

import torch

from core.decomposition.learned import Learned
from core.decomposition.source import IN_MEMORY, ActivationSource, fits, sample, whole
from core.errors import BadInput
from core.progress import Progress, silent


def independent_components(
    source: ActivationSource,
    *,
    k: int,
    seed: int = 0,
    iterations: int = 400,
    progress: Progress = silent,
) -> Learned:
    """FastICA [hyvarinen2000] with tanh, after PCA to ``k``; of a source larger than memory, a sample of its rows.

    Signs are such that each code's heavier tail is positive.

    Raises
    ------
    BadInput
        if more atoms are asked for than the layer has channels.
    """
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    if k > source.channels:
        raise BadInput(
            f"ICA of a layer of {source.channels} channels has at most {source.channels} atoms; {k} were asked for"
        )
    rows = whole(source) if fits(source) else sample(source, IN_MEMORY // (4 * source.channels), seed)
    progress(0, 1, "independent components")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = FastICA(k, whiten="unit-variance", random_state=seed, max_iter=iterations, tol=1e-5)
        codes = torch.from_numpy(model.fit_transform(rows.double().numpy()))
    progress(1, 1, "independent components")
    signs = codes.pow(3).sum(0).sign()
    signs[signs == 0] = 1
    atoms = torch.from_numpy(model.mixing_).T * signs[:, None]
    lengths = atoms.norm(dim=1, keepdim=True)
    encoder = torch.from_numpy(model.components_) * signs[:, None] * lengths
    return Learned(
        (atoms / lengths).float(),
        {
            "bias": torch.from_numpy(model.mean_).float(),
            "encoder": encoder.float(),
            "encoder_bias": torch.zeros(k),
        },
        {"rounds": int(model.n_iter_), "sampled": len(rows)},
    )
