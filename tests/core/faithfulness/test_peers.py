"""The same numbers as captum on the same perturbations, and as Quantus where the definitions agree."""

import numpy as np
import pytest
import torch
from torch import nn

from core.attribution import integrated_gradients
from core.faithfulness import (
    case_of,
    deletion,
    infidelity,
    insertion,
    max_sensitivity,
    neighbours,
    sparsity,
    squares,
)
from core.faithfulness.effects import effects
from core.faithfulness.sensitivity_n import pearson
from core.subject import run
from core.targets import Output, score
from core.testing import planted_classifier


def drawn(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("scaling", ["none", "optimal"])
@pytest.mark.parametrize("batch", [None, 9])
def test_infidelity_is_captums_on_the_same_squares(scaling, batch):
    import captum.metrics

    subject, images, maps = planted_classifier(seed=1), drawn(3, 3, 12, 12), drawn(3, 12, 12, seed=1) - 0.3
    masks = squares((12, 12), 20, seed=5)
    left = list(masks.split(3 if batch else 20))

    def perturbed(inputs):
        """captum takes the promise from the map times this: the mask once, in the channel that holds the map."""
        part = left.pop(0).repeat(3, 1, 1, 1).expand(-1, 3, -1, -1)
        return part, inputs * (1 - part)

    in_one_channel = torch.stack([maps, 0 * maps, 0 * maps], 1)
    theirs = captum.metrics.infidelity(
        lambda x: score(subject, x, Output("class", 2)),
        perturbed,
        images,
        in_one_channel,
        n_perturb_samples=20,
        max_examples_per_batch=batch,
        normalize=scaling == "optimal",
    )
    ours = infidelity(subject, images, Output("class", 2), maps, scaling=scaling, samples=20, seed=5)
    assert torch.allclose(ours.values, theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("radius", [0.02, 0.2])
def test_max_sensitivity_is_captums_on_the_same_neighbours(radius):
    import captum.metrics

    subject, images = planted_classifier(seed=2), drawn(4, 3, 12, 12, seed=3)

    def method(subject, inputs, target):
        return integrated_gradients(subject, inputs, target, steps=8).heatmap()

    def explained(inputs):
        """captum gives, and wants back, a tuple the first time."""
        alone = isinstance(inputs, tuple)
        maps = method(subject, inputs[0] if alone else inputs, Output("class", 0))
        return (maps,) if alone else maps

    near = torch.stack(list(neighbours(images, radius=radius, samples=6, seed=7)), 1).flatten(0, 1)
    theirs = captum.metrics.sensitivity_max(explained, images, lambda inputs: near, n_perturb_samples=6)

    options = {"radius": radius, "samples": 6, "seed": 7}
    ours = max_sensitivity(subject, images, Output("class", 0), method, **options)
    assert torch.allclose(ours.values, theirs, atol=1e-5, rtol=1e-5)
    assert theirs.min() > 0.001


class Pictures(nn.Module):
    """The subject's first head for inputs in [0, 1], as Quantus takes a network."""

    def __init__(self, subject):
        super().__init__()
        self.subject, self.inner = subject, subject.module

    def forward(self, inputs):
        return run(self.subject, inputs)["class"]


def peer():
    return pytest.importorskip("quantus", reason="Quantus is in the extra 'bench'")


def feature_by_feature(maps, channels):
    """Maps whose order over all channels' values is that of the positions, a position's channels in turn."""
    n, h, w = maps.shape
    place = maps.reshape(n, -1).argsort(1).argsort(1).reshape(n, 1, h, w)
    return (channels * place + np.arange(channels)[::-1].reshape(1, -1, 1, 1)).astype(np.float32)


@pytest.mark.parametrize(("baseline", "steps"), [("black", 12), ("black", 36), ("mean", 12), ("blur", 12)])
@pytest.mark.parametrize("way", [deletion, insertion])
def test_curves_are_quantus_pixel_flipping(way, baseline, steps):
    quantus = peer()
    from core.faithfulness import replaced

    subject, images, maps = planted_classifier(seed=3), drawn(5, 3, 12, 12, seed=2), drawn(5, 12, 12, seed=4)
    behind = replaced(images, baseline)
    start, end = (images, behind) if way is deletion else (behind, images)
    flat = end.flatten(1).numpy()

    def shown(arr, indices, **_):
        arr = arr.copy()
        rows = np.arange(len(arr))[:, None]
        arr[rows, indices] = flat[rows, indices]
        return arr

    flipping = quantus.PixelFlipping(
        features_in_step=3 * 144 // steps,
        normalise=False,
        perturb_func=shown,
        disable_warnings=True,
    )
    theirs = flipping(
        model=Pictures(subject).eval(),
        x_batch=start.numpy(),
        y_batch=np.full(5, 1),
        a_batch=feature_by_feature(maps.numpy(), 3),
        softmax=False,
        device="cpu",
    )
    ours = way(subject, images, Output("class", 1), maps, baseline=baseline, steps=steps)
    assert torch.allclose(ours.scores[:, 1:], torch.tensor(theirs, dtype=torch.float32), atol=1e-5)
    assert torch.allclose(ours.scores[:, 0], run(subject, start)["class"][:, 1], atol=1e-5)


@pytest.mark.parametrize("size", [10, 120])
def test_correlations_are_quantus_faithfulness_correlation(size):
    """Features one by one in every channel, the subsets that Quantus draws."""
    quantus = peer()
    subject, images, maps = planted_classifier(seed=4), drawn(1, 3, 12, 12, seed=6), drawn(1, 12, 12, seed=7)
    metric = quantus.FaithfulnessCorrelation(
        nr_runs=25,
        subset_size=size,
        perturb_baseline=0.0,
        normalise=False,
        return_aggregate=False,
        disable_warnings=True,
    )
    np.random.seed(3)  # noqa: NPY002 - where Quantus draws from
    theirs = metric(
        model=Pictures(subject).eval(),
        x_batch=images.numpy(),
        y_batch=np.array([2]),
        a_batch=maps[:, None].numpy(),
        softmax=False,
        device="cpu",
    )
    np.random.seed(3)  # noqa: NPY002
    masks = torch.zeros(25, 3 * 144)
    for mask in masks:
        mask[np.random.choice(3 * 144, size, replace=False)] = 1.0  # noqa: NPY002
    case = case_of(subject, images, Output("class", 2), maps)
    found = effects(case, masks.view(25, 3, 12, 12), baseline="black")
    ours = pearson(found.promised(case), found.falls)
    assert np.allclose(ours.numpy(), theirs, atol=1e-5)


def test_sparsity_is_quantus_sparseness():
    quantus = peer()
    maps = drawn(6, 12, 12, seed=8) ** 3 - 0.2
    metric = quantus.Sparseness(normalise=False, abs=True, disable_warnings=True)
    theirs = metric(
        model=Pictures(planted_classifier(seed=0)).eval(),
        x_batch=drawn(6, 3, 12, 12).numpy(),
        y_batch=np.zeros(6, int),
        a_batch=maps[:, None].numpy(),
        device="cpu",
    )
    assert np.allclose(sparsity(maps).values.numpy(), theirs, atol=1e-5)
