"""Grey copies of image sources, for networks that take one channel."""

from collections.abc import Iterator, Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput, Unreadable
from core.provenance import fingerprint
from core.subject import InputSpec
from vision.datasets import ImageSource

WEIGHTS = (0.299, 0.587, 0.114)
"""Of red, green and blue in what Pillow, and so torchvision, calls grey: ITU-R BT.601's luma."""


def suited(source: ImageSource, spec: InputSpec) -> ImageSource:
    """The source itself for networks of RGB images, a grey copy of it for those of one channel.

    Raises
    ------
    BadInput
        if the network takes another number of channels.

    >>> from vision.datasets import open_images
    >>> from vision.scaling import parse_scaling
    >>> source = suited(open_images("shapes", size=(9, 9), count=2), parse_scaling("grey 0..1, 9x9"))
    >>> next(source.batches(2)).shape
    torch.Size([2, 1, 9, 9])
    """
    if spec.shape[0] == 3:
        return source
    if spec.shape[0] != 1:
        raise BadInput(
            f"pictures have 3 channels or 1; a network that takes {spec.shape[0]} cannot be shown them"
        )

    def stream(places: Sequence[int]) -> Iterator[Any]:
        for image in source.stream(places):
            yield image if isinstance(image, Unreadable) else luma(image[None])[0]

    mark = fingerprint("grey", source.fingerprint)
    return ImageSource(source.name, source.names, source.size, mark, stream, source.classes)


def luma(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1 h w"]:
    """Images in one channel; grey ones keep their values.

    >>> import torch
    >>> luma(torch.full((1, 3, 1, 1), 0.5)).item()
    0.5
    """
    return (images * images.new_tensor(WEIGHTS).view(1, 3, 1, 1)).sum(1, keepdim=True)
