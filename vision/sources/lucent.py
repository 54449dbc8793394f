"""lucent's InceptionV1: the network that lucid and the Circuits thread looked into, as lucent holds it [olah2017].

Two names of one network. ``inceptionv1`` has lucent's redirected ReLUs, whose gradient is a tenth of what comes in
where the input is negative: right for pictures, wrong for attributions. ``inceptionv1_exact`` has plain ones.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import nn

from core.errors import BadInput, UnknownName, Unreadable
from core.subject import InputSpec
from vision.architecture import Architecture, Trained

PREFIX = "lucent:"
INPUT = InputSpec((3, 224, 224), mean=(117 / 255,) * 3, std=(1 / 255,) * 3)
"""lucent's ``preprocess_inceptionv1``: 255 times the image, less 117."""
CLASSES = 1008
"""ImageNet's, in an order of Google's own and with eight that are not used."""
REDIRECTED: Mapping[str, bool] = {"inceptionv1": True, "inceptionv1_exact": False}


def names() -> Sequence[str]:
    """The names, with the prefix."""
    return [PREFIX + name for name in REDIRECTED]


def find(name: str) -> Architecture:
    """InceptionV1 with lucent's layer names (``mixed3a`` and so on); its head gives logits, not probabilities.

    Raises
    ------
    UnknownName
        if it is neither of the two names.

    >>> find("inceptionv1").spec.shape
    (3, 224, 224)
    """
    if name not in REDIRECTED:
        raise UnknownName("model of lucent", PREFIX + name, names())
    make = partial(_built, REDIRECTED[name])
    return Architecture(make, INPUT, None, binding=True, offered=("DEFAULT",), download=_download(make))


def _built(redirected: bool, classes: int | None, _: int) -> nn.Module:
    from lucent.modelzoo import inceptionv1

    if classes not in (None, CLASSES):
        raise BadInput(f"lucent's InceptionV1 has {CLASSES} classes; {classes} labels were given")
    module = inceptionv1(pretrained=False, redirected_ReLU=redirected)
    module.softmax2 = nn.Identity()
    return module


def _download(make: Callable[[int | None, int], nn.Module]) -> Callable[[str], Trained]:
    def download(_: str) -> Trained:
        from lucent.modelzoo.inceptionv1.InceptionV1 import model_urls

        module = make(None, INPUT.shape[1])
        try:  # lucent's own loading would open the file as a whole pickle
            tensors = torch.hub.load_state_dict_from_url(
                model_urls["inceptionv1"], weights_only=True, map_location="cpu"
            )
        except (OSError, RuntimeError) as error:
            raise Unreadable(f"lucent's weights could not be downloaded: {error}") from error
        module.load_state_dict(tensors)
        return Trained(module, INPUT)

    return download
