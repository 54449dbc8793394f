"""torchvision's classifiers, with the input scaling and labels of the weights it offers for them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from torch import nn

from core.errors import UnknownName, Unreadable
from core.subject import InputSpec
from vision.architecture import Architecture, Trained


def names() -> Sequence[str]:
    """Every classifier that the installed torchvision has.

    >>> "squeezenet1_1" in names()
    True
    """
    import torchvision

    return torchvision.models.list_models(module=torchvision.models)


def imagenet_labels() -> tuple[str, ...]:
    """The 1,000 classes of ImageNet, sorted by WordNet id."""
    from torchvision.models import SqueezeNet1_1_Weights

    return tuple(SqueezeNet1_1_Weights.DEFAULT.meta["categories"])


def find(name: str) -> Architecture:
    """The classifier of that name.

    Raises
    ------
    UnknownName
        if torchvision has none.

    >>> find("resnet18").offered
    ('DEFAULT', 'IMAGENET1K_V1')
    """
    if name not in names():
        raise UnknownName("model of torchvision", name, names())
    from torchvision.models import get_model_weights

    usual: Any = get_model_weights(name).DEFAULT  # type: ignore[attr-defined]
    offered = ("DEFAULT", *(weights.name for weights in get_model_weights(name)))
    spec = recipe(usual)
    return Architecture(
        partial(_built, name, spec.shape[1]),
        spec,
        tuple(usual.meta["categories"]),
        offered=offered,
        download=partial(_downloaded, name),
    )


def recipe(weights: Any) -> InputSpec:
    """The input that a set of torchvision's weights asks for."""
    transform = weights.transforms()
    side = transform.crop_size[0]
    return InputSpec((3, side, side), tuple(transform.mean), tuple(transform.std))


def _built(name: str, usual: int, classes: int | None, size: int) -> nn.Module:
    from torchvision.models import get_model

    # The position embedding of a ViT has one entry a patch, so it must know the size from the start.
    sized: dict[str, Any] = {"image_size": size} if name.startswith("vit_") and size != usual else {}
    if name in ("googlenet", "inception_v3"):  # their own first weights make inception_v3's logits 1e11 large
        sized["init_weights"] = False
    return get_model(name, weights=None, num_classes=classes or 1000, **sized)


def _downloaded(name: str, weights: str) -> Trained:
    from torchvision.models import get_model, get_model_weights

    chosen: Any = get_model_weights(name)[weights.upper()]  # type: ignore[index]
    try:
        return Trained(get_model(name, weights=chosen), recipe(chosen))
    except (OSError, RuntimeError) as error:
        raise Unreadable(f"torchvision's weights {chosen} could not be downloaded: {error}") from error
