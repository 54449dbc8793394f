"""Classifiers by name - our own, torchvision's, timm's, lucent's, or a function of the user's - as Subjects."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from core.device import device_named
from core.errors import BadInput, UnknownName
from core.subject import InputSpec, Subject, normalise, wrap
from vision.architecture import Architecture, Trained, resized
from vision.checkpoints import Checkpoint, fill, read_checkpoint
from vision.scaling import FORM, parse_scaling
from vision.sources import SOURCES

UNTRAINED = "untrained"


def names() -> tuple[str, ...]:
    """Every name that can be listed without another library: our own networks, torchvision's and lucent's.

    >>> "shapes" in names() and "squeezenet1_1" in names()
    True
    """
    return tuple(name for key in ("own", "torchvision", "lucent") for name in SOURCES[key].names())


def architecture(name: str) -> Architecture:
    """How the network of that name is built, wherever it comes from.

    Raises
    ------
    UnknownName
        if there is no such network; names the nearest.
    BadInput
        if it comes from a library or a module that is not there.

    >>> architecture("lucent:inceptionv1").offered
    ('DEFAULT',)
    """
    for source in SOURCES.values():
        if source.prefix and name.startswith(source.prefix):
            return source.find(name.removeprefix(source.prefix))
    if ":" in name:
        return SOURCES["factory"].find(name)
    for key in ("own", "torchvision"):
        if name in SOURCES[key].names():
            return SOURCES[key].find(name)
    raise UnknownName("model", name, names())


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
    name
        ``shapes``, ``resnet18``, ``timm:vit_tiny_patch16_224``, ``lucent:inceptionv1``, or a function of yours that
        returns a module: ``mynets.resnet:build``, ``nets.py:build``.
    weights
        A safetensors file; ``default`` or another of the source's own names for weights, which are downloaded;
        ``untrained``. Without it: the weights that ship with ``shapes``, and for all others none (untrained).
    scaling
        What the weights were trained on, such as ``RGB 0..255 minus (123, 117, 104)`` or ``grey 0..1, 28x28``. It
        goes before the file's own metadata (key ``input``), and that before what timm or lucent say of a network;
        one of them must be there. An untrained network of yours takes 0..1 without it.
    size
        Height and width of the input in pixels; without it the scaling's, or the architecture's usual one.
    labels
        One a class; without it the architecture's usual ones, or numbers.
    seed
        Of an untrained network's weights.
    device
        ``cpu``, ``cuda``, ``cuda:1`` ...; without it the CPU.

    Raises
    ------
    UnknownName
        if there is no such network, or no such weights are offered for it.
    Unreadable
        if the file is missing, empty, cut short or not safetensors, or a download fails.
    WeightsMismatch
        if the weights do not fit; names the first tensor that differs.
    BadInput
        if the input scaling of the weights is not known, or the device is not there.

    >>> load("shapes")
    Subject(shapes: input (3, 48, 48), heads class (16), 17 layers)
    """
    where = None if device is None else device_named(device)
    known = architecture(name)
    chosen = weights if weights is not None else known.shipped or UNTRAINED
    shown = f"{name}-untrained" if chosen == UNTRAINED else name
    if chosen == UNTRAINED:
        module, spec = _untrained(known, name, scaling=scaling, size=size, labels=labels, seed=seed)
    elif download := _download(known, name, chosen):
        trained = download(str(chosen))
        module, spec = trained.module, _rescaled(trained.spec, scaling, size)
    else:
        checkpoint = read_checkpoint(chosen)
        stated = _stated(known, checkpoint, scaling=scaling, size=size)
        module = _built(known, labels, stated.shape[1] if stated else None, seed)
        fill(module, checkpoint, name=name, rename=known.rename)
        spec = _known(stated, checkpoint)
    classes = _classes(known, name, module, spec, labels)
    return wrap(module, name=shown, spec=spec, heads={"class": classes}, device=where)


def _untrained(
    known: Architecture,
    name: str,
    *,
    scaling: str | None,
    size: int | None,
    labels: Sequence[str] | None,
    seed: int,
) -> tuple[nn.Module, InputSpec]:
    usual = known.spec.shape[1] if known.spec else None
    if scaling:
        spec = parse_scaling(scaling, size=size, usual=usual)
    elif known.spec:
        spec = resized(known.spec, size)
    elif size:
        module = _built(known, labels, size, seed)
        return module, _unscaled(module, size)
    else:
        raise BadInput(
            f'the input of {name} is not known; say it with --size, or with --scaling as in "{FORM}"'
        )
    return _built(known, labels, spec.shape[1], seed), spec


def _unscaled(module: nn.Module, size: int) -> InputSpec:
    """Images in [0, 1] as they are, with as many channels as the first convolution takes."""
    first = next((inner for inner in module.modules() if isinstance(inner, nn.Conv2d)), None)
    count = 3 if first is None else first.in_channels
    return parse_scaling("grey 0..1" if count == 1 else "RGB 0..1", size=size)


def _built(known: Architecture, labels: Sequence[str] | None, size: int | None, seed: int) -> nn.Module:
    side = size or (known.spec.shape[1] if known.spec else 1)
    count = len(labels) if labels is not None else len(known.labels) if known.labels else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return known.build(count, side)


def _stated(
    known: Architecture, checkpoint: Checkpoint, *, scaling: str | None, size: int | None
) -> InputSpec | None:
    """The input as the caller, the file itself or the source of the network states it, in this order."""
    text = scaling or checkpoint.metadata.get("input")
    if text is not None:
        return parse_scaling(text, size=size, usual=known.spec.shape[1] if known.spec else None)
    return resized(known.spec, size) if known.spec and known.binding else None


def _known(stated: InputSpec | None, checkpoint: Checkpoint) -> InputSpec:
    if stated is not None:
        return stated
    raise BadInput(
        f"{str(checkpoint.path)!r} does not say how its input was scaled (no metadata 'input'); "
        f'say it with --scaling, for example "{FORM}"'
    )


def _download(known: Architecture, name: str, weights: str | Path) -> Callable[[str], Trained] | None:
    """How to fetch weights that the source offers under that name; None if it is a file's."""
    if isinstance(weights, Path) or Path(weights).exists() or "." in weights or "/" in weights:
        return None
    if weights.upper() not in known.offered:
        raise UnknownName(f"weights of {name} (and no such file)", weights, [*known.offered, UNTRAINED])
    return known.download


def _rescaled(spec: InputSpec, scaling: str | None, size: int | None) -> InputSpec:
    return parse_scaling(scaling, size=size, usual=spec.shape[1]) if scaling else resized(spec, size)


def _classes(
    known: Architecture, name: str, module: nn.Module, spec: InputSpec, labels: Sequence[str] | None
) -> tuple[str, ...]:
    """The labels given, the usual ones, or numbers for as many outputs as there are."""
    if labels is not None:
        return tuple(labels)
    if known.labels is not None:
        return known.labels
    return tuple(map(str, range(_outputs(module, name, spec))))


def _outputs(module: nn.Module, name: str, spec: InputSpec) -> int:
    training = {inner: inner.training for inner in module.modules()}
    try:
        with torch.no_grad():
            answer = module.eval()(normalise(spec, torch.full((1, *spec.shape), 0.5)))
    except (RuntimeError, ValueError, IndexError) as error:
        raise BadInput(f"{name} cannot take an input of shape {spec.shape}: {error}") from error
    finally:
        for inner, mode in training.items():
            inner.training = mode
    if not isinstance(answer, Tensor) or answer.ndim < 2:
        raise BadInput(f"{name} returns {_described(answer)}; expected one tensor of shape (images, classes)")
    return answer[0].numel()


def _described(answer: object) -> str:
    return f"a tensor of shape {tuple(answer.shape)}" if isinstance(answer, Tensor) else type(answer).__name__
