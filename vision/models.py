"""Classifiers by name - the embedded one, some older ones, every one of torchvision's - as Subjects."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.errors import BadInput, UnknownName, Unreadable
from core.subject import InputSpec, Subject, wrap
from vision.checkpoints import check_finite, load_tensors
from vision.googlenet_bvlc import from_caffe_name, googlenet_bvlc
from vision.networks import SHAPES_INPUT, shapes_cnn
from vision.resnet_cifar import CIFAR10, resnet_cifar
from vision.scaling import FORM, parse_scaling
from vision.shapes import CLASSES

SHIPPED = Path(__file__).parent / "weights" / "shapes_cnn.safetensors"
UNTRAINED = "untrained"


@dataclass(frozen=True)
class Architecture:
    """How a named network is built for a number of classes, its usual input, labels and its files' tensor names.

    ``spec`` is the input that its authors' recipe has; weights from a file bring their own scaling.
    """

    build: Callable[[int], nn.Module]
    spec: InputSpec
    labels: tuple[str, ...]
    rename: Callable[[str], str] = str
    shipped: Path | None = None


_CIFAR = InputSpec((3, 32, 32), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def _shapes() -> Architecture:
    return Architecture(shapes_cnn, SHAPES_INPUT, CLASSES, shipped=SHIPPED)


def _bvlc_googlenet() -> Architecture:
    spec = parse_scaling("RGB 0..255 minus (122.679, 116.669, 104.007)", size=224)
    return Architecture(googlenet_bvlc, spec, imagenet_labels(), from_caffe_name)


def _cifar10_resnet(depth: int) -> Architecture:
    return Architecture(partial(resnet_cifar, depth), _CIFAR, CIFAR10)


OWN: Mapping[str, Callable[[], Architecture]] = {
    "shapes": _shapes,
    "bvlc_googlenet": _bvlc_googlenet,
    "cifar10_resnet20": partial(_cifar10_resnet, 20),
    "cifar10_resnet32": partial(_cifar10_resnet, 32),
}
"""The networks that live in this folder."""


def names() -> tuple[str, ...]:
    """Every name that ``load`` knows.

    >>> "shapes" in names() and "squeezenet1_1" in names()
    True
    """
    return (*OWN, *_torchvision_names())


def imagenet_labels() -> tuple[str, ...]:
    """The 1,000 classes of ImageNet, sorted by WordNet id."""
    from torchvision.models import SqueezeNet1_1_Weights

    return tuple(SqueezeNet1_1_Weights.DEFAULT.meta["categories"])


def load(
    name: str,
    *,
    weights: str | Path | None = None,
    scaling: str | None = None,
    size: int | None = None,
    labels: Sequence[str] | None = None,
    seed: int = 0,
    device: str | torch.device | None = None,
) -> Subject:
    """A classifier by name, with one head, ``class``.

    Parameters
    ----------
    weights
        A safetensors file; ``default`` or another of torchvision's own names for weights, which are downloaded;
        ``untrained``. Without it: the weights that ship with ``shapes``, and for all others none (untrained).
    scaling
        What the weights were trained on, such as ``RGB 0..255 minus (123, 117, 104)``. It goes before the file's
        own metadata (key ``input``); one of the two must be there.
    size
        Height and width of the input in pixels; without it the scaling's, or the architecture's usual one.
    labels
        One a class; without it the architecture's usual ones.
    seed
        Of an untrained network's weights.

    Raises
    ------
    UnknownName
        if there is no such network, or torchvision has no such weights for it.
    Unreadable
        if the file is missing, empty, cut short or not safetensors, or a download fails.
    WeightsMismatch
        if the weights do not fit; names the first tensor that differs.
    BadInput
        if the input scaling of the weights is not known.

    >>> load("shapes")
    Subject(shapes: input (3, 48, 48), heads class (16), 17 layers)
    """
    known = _architecture(name)
    classes = tuple(labels) if labels is not None else known.labels
    if weights is None:
        weights = known.shipped or UNTRAINED
    if weights == UNTRAINED:
        spec = (
            parse_scaling(scaling, size=size or known.spec.shape[1])
            if scaling
            else _resized(known.spec, size)
        )
        module, shown = _untrained(known, len(classes), seed), f"{name}-untrained"
    elif _is_download(name, weights):
        module, spec = _downloaded(name, str(weights))
        spec, shown = _resized(spec, size), name
        classes = _fitting(labels, known.labels)
    else:
        module = _untrained(known, len(classes), seed)
        spec = _from_file(module, name, known, Path(weights), scaling=scaling, size=size)
        shown = name
    return wrap(module, name=shown, spec=spec, heads={"class": classes}, device=device)


def _fitting(labels: Sequence[str] | None, usual: tuple[str, ...]) -> tuple[str, ...]:
    if labels is None or len(labels) == len(usual):
        return tuple(labels or usual)
    raise BadInput(f"{len(labels)} labels were given for weights with {len(usual)} classes")


def _architecture(name: str) -> Architecture:
    if name in OWN:
        return OWN[name]()
    if name not in _torchvision_names():
        raise UnknownName("model", name, names())
    from torchvision.models import get_model, get_model_weights

    usual: Any = get_model_weights(name).DEFAULT  # type: ignore[attr-defined]
    return Architecture(
        lambda classes: get_model(name, weights=None, num_classes=classes),
        _recipe(usual),
        tuple(usual.meta["categories"]),
    )


def _torchvision_names() -> list[str]:
    import torchvision

    return torchvision.models.list_models(module=torchvision.models)


def _recipe(weights: Any) -> InputSpec:
    """The input that a set of torchvision's weights asks for."""
    transform = weights.transforms()
    side = transform.crop_size[0]
    return InputSpec((3, side, side), tuple(transform.mean), tuple(transform.std))


def _resized(spec: InputSpec, size: int | None) -> InputSpec:
    return spec if size is None else replace(spec, shape=(spec.shape[0], size, size))


def _untrained(known: Architecture, classes: int, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return known.build(classes)


def _from_file(
    module: nn.Module, name: str, known: Architecture, path: Path, *, scaling: str | None, size: int | None
) -> InputSpec:
    """Fill ``module`` from a file; the input as the caller or the file itself states it."""
    metadata = load_tensors(module, path, name=name, rename=known.rename)
    check_finite(module, path)
    text = scaling or metadata.get("input")
    if text is None:
        raise BadInput(
            f"{str(path)!r} does not say how its input was scaled (no metadata 'input'); "
            f'say it with --scaling, for example "{FORM}"'
        )
    return parse_scaling(text, size=size, usual=known.spec.shape[1])


def _is_download(name: str, weights: str | Path) -> bool:
    """Whether ``weights`` names weights of torchvision's rather than a file."""
    if isinstance(weights, Path) or Path(weights).exists() or "." in weights or "/" in weights:
        return False
    if weights.upper() in (offered := _offered(name)):
        return True
    raise UnknownName(f"weights of {name} (and no such file)", weights, [*offered, UNTRAINED])


def _offered(name: str) -> list[str]:
    from torchvision.models import get_model_weights

    if name in OWN:
        return []
    return ["DEFAULT", *(weights.name for weights in get_model_weights(name))]


def _downloaded(name: str, weights: str) -> tuple[nn.Module, InputSpec]:
    from torchvision.models import get_model, get_model_weights

    chosen: Any = get_model_weights(name)[weights.upper()]  # type: ignore[index]
    try:
        return get_model(name, weights=chosen), _recipe(chosen)
    except (OSError, RuntimeError) as error:
        raise Unreadable(f"torchvision's weights {chosen} could not be downloaded: {error}") from error
