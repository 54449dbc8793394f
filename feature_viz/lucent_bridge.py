"""lucent's objectives and params for our render(): taken over as they are, without importing lucent."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from core.errors import BadInput, UnknownName
from core.subject import Subject
from core.targets import parse
from feature_viz.objectives import Objective, Seen, objective
from feature_viz.parametrize import Canvas, Parametrisation, Shape

MOST_IMAGES = 16
"""Up to so many images a lucent objective is tried with, to find how many it is about."""

Param = Callable[[], tuple[Any, Callable[[], Tensor]]]
"""What lucent calls a param: a function that makes tensors to optimise, and how they become images."""


def from_lucent(subject: Subject, wanted: str | Callable[..., Any]) -> Objective:
    """A lucent objective, a text like "mixed4a:476" or any function of lucent's ``T`` as an objective of ours.

    ``T(name)`` gives a layer's activations, by its own name or with lucent's underscores for dots, the picture as
    "input" and the outputs as "labels". lucent's are losses for the whole batch: their negative is raised, and
    they are given as many images as they speak of.

    Raises
    ------
    UnknownName
        if the subject has no such layer.
    BadInput
        if it is no number, or does not look at the network.

    >>> from core.testing import planted_classifier
    >>> subject = planted_classifier(seed=0)
    >>> print(from_lucent(subject, "conv:3"), from_lucent(subject, lambda T: -T("conv")[1:2, 0].mean()).images)
    conv:3 2
    """
    if isinstance(wanted, str):
        return objective(subject, parse(_resolved_text(subject, wanted), subject))
    text = str(getattr(wanted, "description", "") or getattr(wanted, "__name__", type(wanted).__name__))
    asked: set[str] = set()
    for count in range(1, MOST_IMAGES + 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, of too few images
            found = wanted(_imagined(subject, count, asked))
        if isinstance(found, Tensor) and found.numel() == 1 and bool(torch.isfinite(found)):
            break
    else:
        raise BadInput(f"{text} gives no finite number for 1 to {MOST_IMAGES} images of {subject.name}")
    names = {name: layer_of(subject, name) for name in asked - {"input", "labels"}}
    heads = [next(iter(subject.heads))] if "labels" in asked else []
    if not names and not heads:
        raise BadInput(
            f"{text} looks at no layer of {subject.name}; a picture is made for what a network does"
        )
    return Objective(
        text,
        lambda seen: -wanted(_reader(seen, names, heads)),
        frozenset(names.values()),
        frozenset(heads),
        count,
    )


def lucent_param(param: Param, *, rate: float = 0.05) -> Parametrisation:
    """A lucent param, such as ``lambda: param.image(128, batch=4)``, as a parametrisation; lucent's rate.

    Its batch is made of one piece: every target gets that many images.

    Raises
    ------
    BadInput
        if it does not make tensors and a function that gives images (n, c, h, w).

    >>> def grey():
    ...     tensor = torch.zeros((2, 3, 8, 8), requires_grad=True)
    ...     return [tensor], lambda: tensor.sigmoid()
    >>> way = lucent_param(grey)
    >>> way.images, way.shape
    (2, (3, 8, 8))
    """
    with torch.random.fork_rng(devices=[]):
        _, image = _begun(param)
    images = image()
    count, shape = len(images), (images.shape[1], images.shape[2], images.shape[3])

    def begin(
        generators: Sequence[torch.Generator], _: Shape, given: Tensor | None, device: torch.device
    ) -> Canvas:
        if given is not None:
            raise BadInput("a lucent param cannot start from a given image; pixels and fourier can")
        pieces = [_seeded(param, generator) for generator in generators[::count]]
        tensors = [tensor for parameters, _ in pieces for tensor in parameters]
        return Canvas(tensors, lambda: torch.cat([image() for _, image in pieces]).to(device))

    return Parametrisation(f"lucent {getattr(param, '__name__', 'param')}", begin, rate, count, shape)


def layer_of(subject: Subject, name: str) -> str:
    """The layer that lucent calls so, with underscores for dots.

    >>> from core.testing import planted_classifier
    >>> layer_of(planted_classifier(seed=0), "conv")
    'conv'
    """
    if name in subject.layers:
        return name
    dotless = {layer.replace(".", "_"): layer for layer in subject.layers}
    if name not in dotless:
        raise UnknownName(f"layer of {subject.name}", name, [*subject.layers])
    return dotless[name]


def _resolved_text(subject: Subject, text: str) -> str:
    place, colon, rest = text.partition(":")
    place = place.strip()
    if place in subject.heads:
        return text
    return f"{layer_of(subject, place)}{colon}{rest.strip()}"


def _imagined(subject: Subject, count: int, asked: set[str]) -> Callable[[str], Tensor]:
    """A ``T`` of noise in the layers' shapes, that notes what it is asked for."""
    generator = torch.Generator().manual_seed(0)

    def read(name: str) -> Tensor:
        asked.add(name)
        if name == "input":
            shape = tuple(subject.spec.shape)
        elif name == "labels":
            shape = (len(next(iter(subject.heads.values()))),)
        else:
            shape = subject.layers[layer_of(subject, name)].shape
        return torch.rand((count, *shape), generator=generator).to(subject.device)

    return read


def _reader(seen: Seen, names: Mapping[str, str], heads: Sequence[str]) -> Callable[[str], Tensor]:
    def read(name: str) -> Tensor:
        if name == "input":
            if seen.images is None:
                raise BadInput("this objective looks at the picture itself, which is not known here")
            return seen.images
        return seen.heads[heads[0]] if name == "labels" else seen.layers[names[name]]

    return read


def _begun(param: Param) -> tuple[list[Tensor], Callable[[], Tensor]]:
    made = param()
    if not isinstance(made, tuple) or len(made) != 2 or not callable(made[1]):
        raise BadInput("a lucent param is a function that returns tensors and a function that gives images")
    images = made[1]()
    if not isinstance(images, Tensor) or images.ndim != 4:
        raise BadInput("a lucent param's images have the shape (n, c, h, w)")
    return list(made[0]), made[1]


def _seeded(param: Param, generator: torch.Generator) -> tuple[list[Tensor], Callable[[], Tensor]]:
    """lucent draws from torch's own generator, which is put back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
        return _begun(param)
