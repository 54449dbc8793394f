"""The networks that live here: the embedded classifier, BVLC GoogLeNet, CIFAR ResNets."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from core.errors import UnknownName
from core.subject import InputSpec
from vision.architecture import Architecture
from vision.googlenet_bvlc import from_caffe_name, googlenet_bvlc
from vision.networks import SHAPES_INPUT, shapes_cnn
from vision.resnet_cifar import CIFAR10, resnet_cifar
from vision.scaling import parse_scaling
from vision.shapes import CLASSES
from vision.sources.torchvision import imagenet_labels

SHIPPED = Path(__file__).parents[1] / "weights" / "shapes_cnn.safetensors"

_CIFAR = InputSpec((3, 32, 32), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def _shapes() -> Architecture:
    return Architecture(
        lambda classes, _: shapes_cnn(classes or len(CLASSES)), SHAPES_INPUT, CLASSES, shipped=str(SHIPPED)
    )


def _bvlc_googlenet() -> Architecture:
    spec = parse_scaling("RGB 0..255 minus (122.679, 116.669, 104.007)", size=224)
    return Architecture(
        lambda classes, _: googlenet_bvlc(classes or 1000), spec, imagenet_labels(), from_caffe_name
    )


def _cifar10_resnet(depth: int) -> Architecture:
    return Architecture(lambda classes, _: resnet_cifar(depth, classes or 10), _CIFAR, CIFAR10)


OWN: Mapping[str, Callable[[], Architecture]] = {
    "shapes": _shapes,
    "bvlc_googlenet": _bvlc_googlenet,
    "cifar10_resnet20": partial(_cifar10_resnet, 20),
    "cifar10_resnet32": partial(_cifar10_resnet, 32),
}


def names() -> tuple[str, ...]:
    """The names of ``OWN``."""
    return tuple(OWN)


def find(name: str) -> Architecture:
    """The one of that name.

    >>> find("cifar10_resnet20").spec.shape
    (3, 32, 32)
    """
    if name not in OWN:
        raise UnknownName("model", name, OWN)
    return OWN[name]()
