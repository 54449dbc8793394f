"""timm's classifiers: name or name.tag, with the scaling, input size and weights that timm states [wightman2019]."""

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from torch import nn

from core.errors import BadInput, UnknownName, Unreadable
from core.subject import InputSpec
from vision.architecture import Architecture, Trained
from vision.sources.torchvision import imagenet_labels

PREFIX = "timm:"


def names() -> Sequence[str]:
    """Every architecture that the installed timm has, with the prefix; none without timm."""
    if find_spec("timm") is None:
        return ()
    return [PREFIX + name for name in _timm().list_models()]


def find(name: str) -> Architecture:
    """The network of that name (without the prefix), such as ``resnet18`` or ``resnet18.a1_in1k``.

    Weights files that do not state their input scaling are taken to have the one that timm states for the name.

    Raises
    ------
    BadInput
        if timm is not installed.
    UnknownName
        if it has no such network; names the nearest.
    """
    timm = _timm()
    bare, _, tag = name.partition(".")
    if not timm.is_model(bare):
        raise UnknownName("model of timm", PREFIX + name, names())
    tags = _tags(bare)
    if tag and tag not in tags:
        raise UnknownName("model of timm", PREFIX + name, [f"{PREFIX}{bare}.{known}" for known in tags])
    stated = timm.get_pretrained_cfg(name)
    spec = InputSpec(tuple(stated.input_size), tuple(stated.mean), tuple(stated.std))
    return Architecture(
        partial(_built, name, spec.shape[1]),
        spec,
        imagenet_labels() if stated.num_classes == 1000 else None,
        binding=True,
        offered=("DEFAULT", *(known.upper() for known in tags)) if tags else (),
        download=partial(_downloaded, bare, tag),
    )


def _timm() -> ModuleType:
    if find_spec("timm") is None:
        raise BadInput("timm is not installed, so its networks are not at hand: pip install 'gridlens[timm]'")
    import timm

    return timm


def _tags(name: str) -> list[str]:
    """The sets of weights that timm offers for an architecture, its own choice first."""
    known: list[str] = _timm().list_pretrained(f"{name}.*")
    return [full.partition(".")[2] for full in known]


def _built(name: str, usual: int, classes: int | None, size: int) -> nn.Module:
    options: dict[str, Any] = {} if classes is None else {"num_classes": classes}
    create = _timm().create_model
    if size == usual:
        return create(name, pretrained=False, **options)
    try:  # transformers must know the size from the start
        return create(name, pretrained=False, img_size=size, **options)
    except TypeError:  # and other networks do not ask
        return create(name, pretrained=False, **options)


def _downloaded(name: str, tag: str, weights: str) -> Trained:
    chosen = tag if weights.upper() == "DEFAULT" else weights.lower()
    full = f"{name}.{chosen}" if chosen else name
    try:
        module = _timm().create_model(full, pretrained=True)
    except (OSError, RuntimeError) as error:
        raise Unreadable(f"timm's weights of {full} could not be downloaded: {error}") from error
    stated = module.pretrained_cfg
    spec = InputSpec(tuple(stated["input_size"]), tuple(stated["mean"]), tuple(stated["std"]))
    return Trained(module, spec)
