"""Concepts to test a classifier for: folders of pictures, one a concept, or known factors of the procedural set."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from numpy.typing import NDArray
from torch import Tensor

from core.errors import BadInput, UnknownName, Unreadable
from core.progress import Progress, silent
from vision import shapes
from vision.datasets import open_images

DRAWN = 512
"""Procedural images looked through at once."""
SEARCHED = 100
"""As many images are looked through for each that is asked for, and ten draws more, before it is given up."""


def read_concepts(
    folder: str | Path, *, size: tuple[int, int], count: int | None = None, progress: Progress = silent
) -> dict[str, Float32[Tensor, "n 3 h w"]]:
    """The pictures of each folder in ``folder``, by its name; the first ``count`` of each (None: all).

    For TCAV one of them holds random pictures: take it out by its name.

    Raises
    ------
    Unreadable
        if there is no such folder, or not one picture of a concept can be decoded.
    BadInput
        if it holds no folders, or one of them no pictures.

    >>> import tempfile
    >>> from core.artifacts import write_image
    >>> home = Path(tempfile.mkdtemp())
    >>> for number in range(3):
    ...     write_image(home / "dark" / f"{number}.png", torch.zeros(3, 20, 30))
    >>> {name: tuple(images.shape) for name, images in read_concepts(home, size=(16, 16)).items()}
    {'dark': (3, 3, 16, 16)}
    """
    home = Path(folder)
    if not home.is_dir():
        raise Unreadable(
            f"no folder {str(home)!r}; concepts are read from a folder with one folder of pictures each"
        )
    names = sorted(
        inner.name for inner in home.iterdir() if inner.is_dir() and not inner.name.startswith(".")
    )
    if not names:
        raise BadInput(f"{str(home)!r} holds no folders; each concept is a folder of pictures in it")
    found = {}
    for done, name in enumerate(names, 1):
        found[name] = torch.cat(list(open_images(home / name, size=size, count=count).batches(256)))
        progress(done, len(names), "reading concepts")
    return found


def factor_concept(
    factor: str,
    low: float,
    high: float,
    *,
    count: int,
    seed: int = 0,
    start: int = shapes.TEST_START,
    size: int = shapes.SIZE,
) -> Float32[Tensor, "n 3 size size"]:
    """The first ``count`` procedural images from number ``start`` on whose ``factor`` lies in [low, high).

    For a factor that is a circle, ``low`` may be above ``high``: the arc then goes through 0. Everything else about
    them varies as it does elsewhere, but for what depends on the factor; classes without it are left out.

    Raises
    ------
    UnknownName
        if there is no such factor; the nearest is named.
    BadInput
        if hardly any image has it between the bounds.

    >>> factor_concept("hue", 350.0, 10.0, count=3).shape
    torch.Size([3, 3, 48, 48])
    """
    known = {entry.name: entry for entry in shapes.FACTORS}
    if factor not in known:
        raise UnknownName("factor of the procedural images", factor, known)
    circle = known[factor].kind == "circular"

    def within(values: NDArray) -> NDArray[np.bool_]:
        if circle and low > high:
            return (values >= low) | (values < high)
        return (values >= low) & (values < high)

    what = f"{factor} in [{low:g}, {high:g})"
    return _searched(lambda drawn: within(drawn.factors[factor]), what, count, seed, start, size)


def class_concept(
    name: str, *, count: int, seed: int = 0, start: int = shapes.TEST_START, size: int = shapes.SIZE
) -> Float32[Tensor, "n 3 size size"]:
    """The first ``count`` procedural images of a class from number ``start`` on.

    Raises
    ------
    UnknownName
        if there is no such class; the nearest is named.

    >>> class_concept("star", count=2, size=16).shape
    torch.Size([2, 3, 16, 16])
    """
    if name not in shapes.CLASSES:
        raise UnknownName("class of the procedural images", name, shapes.CLASSES)
    wanted = shapes.CLASSES.index(name)
    return _searched(
        lambda drawn: drawn.labels.numpy() == wanted, f"class {name!r}", count, seed, start, size
    )


def random_images(
    count: int, *, seed: int = 0, start: int = shapes.TEST_START + 10**6, size: int = shapes.SIZE
) -> Float32[Tensor, "n 3 size size"]:
    """``count`` procedural images as they come, from other numbers than concepts are taken from.

    >>> random_images(2, size=16).shape
    torch.Size([2, 3, 16, 16])
    """
    return shapes.generate(seed, np.arange(start, start + count), size=size).images


def _searched(
    has: Callable[[shapes.ShapeImages], NDArray[np.bool_]],
    what: str,
    count: int,
    seed: int,
    start: int,
    size: int,
) -> Tensor:
    numbers: list[int] = []
    first = start
    while len(numbers) < count:
        if first - start > SEARCHED * count + 10 * DRAWN:
            raise BadInput(
                f"only {len(numbers)} of {first - start:,} procedural images have {what}; asked for {count}"
            )
        block = np.arange(first, first + DRAWN)
        numbers += block[has(shapes.generate(seed, block, size=8))].tolist()
        first += DRAWN
    return shapes.generate(seed, np.array(numbers[:count]), size=size).images
