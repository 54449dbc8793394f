"""channel_statistics(): a layer's activations as one vector per image, so that images of any size can be compared."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.activations import capture
from core.layers import as_maps
from core.subject import Subject


def channel_statistics(
    subject: Subject,
    layers: Sequence[str],
    images: Float[Tensor, "n c h w"],
    *,
    spread: bool = False,
    batch_size: int = 16,
) -> Mapping[str, Float[Tensor, "n d"]]:
    """Each layer's channel means over positions; with ``spread`` also the standard deviations, after the means.

    The images go in at their own scale, or at the subject's size if it takes no other.

    >>> from core.testing import planted_classifier
    >>> channel_statistics(planted_classifier(seed=0), ["conv"], torch.rand(2, 3, 9, 9), spread=True)["conv"].shape
    torch.Size([2, 8])
    """
    images = fitted(subject, layers, images)
    parts: dict[str, list[Tensor]] = {layer: [] for layer in layers}
    for batch in images.split(batch_size):
        seen = capture(subject, batch.contiguous(memory_format=torch.channels_last), list(layers))
        for layer in layers:
            maps = as_maps(seen[layer], subject.layers[layer]).flatten(2).float()
            moments = [maps.mean(2), maps.std(2, correction=0)] if spread else [maps.mean(2)]
            parts[layer].append(torch.cat(moments, 1).cpu())
    return {layer: torch.cat(found) for layer, found in parts.items()}


def fitted(
    subject: Subject, layers: Sequence[str], images: Float[Tensor, "n c h w"]
) -> Float[Tensor, "n c p q"]:
    """The images as they are if the subject can be run on their size as far as these layers, else scaled to its own.

    >>> from core.testing import planted_classifier
    >>> fitted(planted_classifier(seed=0), ["conv"], torch.rand(2, 3, 9, 9)).shape
    torch.Size([2, 3, 9, 9])
    """
    size = subject.spec.shape[1:]
    if images.shape[2:] == size or _runs(subject, layers, images[:1]):
        return images
    return F.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)


def _runs(subject: Subject, layers: Sequence[str], images: Tensor) -> bool:
    try:
        capture(subject, images, list(layers))
    except (RuntimeError, ValueError, AssertionError, IndexError):  # networks refuse a size in their own ways
        return False
    return True
