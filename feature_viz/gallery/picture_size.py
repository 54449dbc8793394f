"""picture_size(): how large a layer's pictures are; fitting_size(): the network's own where it takes no other."""

import torch

from core.activations import capture
from core.receptive import ReceptiveField
from core.subject import Subject
from feature_viz.optimize import LARGEST


def picture_size(subject: Subject, seen: ReceptiveField) -> int:
    """Side of a layer's pictures: four times its receptive field, from 64 to 128 px, at most the network's own.

    A network that takes images of one size only, such as a ViT, has pictures of that.

    >>> from core.testing import planted_classifier
    >>> picture_size(planted_classifier(seed=0), ReceptiveField("conv", (0.0, 0.0), (1.0, 1.0), (3, 3), (12, 12)))
    12
    """
    largest = min(LARGEST, *subject.spec.shape[1:])
    wanted = min(largest, max(64, -(-4 * max(seen.extent) // 16) * 16))
    return fitting_size(subject, seen.layer, wanted)


def fitting_size(subject: Subject, layer: str, wanted: int) -> int:
    """The side wanted, if the network can be run on such images as far as the layer, otherwise its own.

    >>> from core.testing import planted_classifier, spotlight
    >>> fitting_size(planted_classifier(seed=0), "relu", 9), fitting_size(spotlight(), "relu", 9)
    (9, 9)
    """
    channels, height, width = subject.spec.shape
    try:
        capture(subject, torch.full((1, channels, wanted, wanted), 0.5), [layer])
    except (RuntimeError, ValueError, IndexError, AssertionError):  # networks say it in all these ways
        return max(height, width)
    return wanted
