"""The enquiry for one classifier: factors of the procedural images probed at every layer. Draws nothing."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from core.activations import capture
from core.errors import BadInput, UnknownName
from core.layers import as_maps
from core.probing import ProbeResult, probe
from core.progress import Progress, silent
from core.subject import Subject
from vision import shapes
from vision.factors import PROBED, labelled_factor


def probe_factors(
    subject: Subject,
    factors: Sequence[str] = ("size", "frequency"),
    *,
    images: int = 2000,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[ProbeResult, ...]:
    """Factors of the procedural test images, read off the mean over positions of every layer's channels.

    Each factor (``vision.factors.PROBED``) is probed on images of the classes that have it. At the input, the channels
    are colours.

    Raises
    ------
    UnknownName
        if there is no such factor, or it wraps.
    BadInput
        if the subject does not take square RGB images.

    >>> from core.testing import planted_classifier
    >>> found = probe_factors(planted_classifier(seed=0), ["size"], images=200)
    >>> [result.layer for result in found]
    ['input', 'conv', 'relu', 'pool', 'head']
    """
    for name in factors:
        if name not in PROBED:  # before anything is drawn
            raise UnknownName("factor", name, PROBED)
    channels, height, width = subject.spec.shape
    if channels != 3 or height != width:
        raise BadInput(f"{subject.name} takes {subject.spec.shape}; the procedural images are square and RGB")
    drawn = shapes.generate(seed, range(shapes.TEST_START, shapes.TEST_START + images), size=height)
    layers = {"input": drawn.images.mean((2, 3)), **_means(subject, drawn.images, progress)}
    found: list[ProbeResult] = []
    for count, name in enumerate(factors):
        progress(count, len(factors), "probing layers")
        known, labels = labelled_factor(drawn, name)
        here = {layer: means[known] for layer, means in layers.items()}
        found += probe(here, labels, concept=name, seed=seed)
    progress(len(factors), len(factors), "probing layers")
    return tuple(found)


def _means(subject: Subject, images: Tensor, progress: Progress) -> Mapping[str, Tensor]:
    """Every plain layer's channels averaged over positions, (n, c)."""
    names = [name for name in subject.layers if not list(subject.module.get_submodule(name).children())]
    parts: dict[str, list[Tensor]] = {name: [] for name in names}
    for start in range(0, len(images), 128):
        kept = capture(subject, images[start : start + 128], names)
        for name in names:
            parts[name].append(as_maps(kept[name], subject.layers[name]).mean((2, 3)).cpu())
        progress(start, len(images), "running the network")
    progress(len(images), len(images), "running the network")
    return {name: torch.cat(found) for name, found in parts.items()}
