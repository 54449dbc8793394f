"""Architecture: how a named network is built, what it is usually fed, and where its weights come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from torch import nn

from core.subject import InputSpec

Build = Callable[[int | None, int], nn.Module]
"""A module for a number of classes (None: the network's own) and a height of the input in pixels."""


@dataclass(frozen=True)
class Architecture:
    """A network without its weights.

    ``spec`` is the input that its authors' recipe has, None where nobody has said; it also holds for weights files
    that do not state theirs if it is ``binding``. ``labels`` is None where only the network itself knows how many
    classes there are. ``rename`` maps a file's tensor names to the module's.
    """

    build: Build = field(repr=False)
    spec: InputSpec | None
    labels: tuple[str, ...] | None
    rename: Callable[[str], str] = field(default=str, repr=False)
    binding: bool = False
    shipped: str | None = None
    offered: tuple[str, ...] = ()
    download: Callable[[str], "Trained"] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Trained:
    """A network with downloaded weights, and the input that they were trained on."""

    module: nn.Module = field(repr=False)
    spec: InputSpec


@dataclass(frozen=True)
class Source:
    """A place that networks come from: names begin with ``prefix``; ``find`` gives one of them by its name.

    ``names`` lists what there is without loading the library that it is in, if it can.
    """

    prefix: str
    what: str
    names: Callable[[], Sequence[str]] = field(repr=False)
    find: Callable[[str], Architecture] = field(repr=False)


def resized(spec: InputSpec, size: int | None) -> InputSpec:
    """The same scaling for square images of ``size`` pixels; None leaves the size as it is.

    >>> resized(InputSpec((3, 32, 32), (0.0,) * 3, (1.0,) * 3), 64).shape
    (3, 64, 64)
    """
    return spec if size is None else replace(spec, shape=(spec.shape[0], size, size))
