"""What is asked of the scores, refused before anything is computed where it cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, UnknownName
from core.testing.families import KINDS
from gridlens.family_scores.networks import chosen, data_folder

PARTS = ("planted", "published", "agreement")


@dataclass(frozen=True)
class Request:
    """The command's options; what is empty or None is left to the scores themselves."""

    parts: Sequence[str] = ()
    seeds: Sequence[int] = range(9000, 9003)
    noises: Sequence[float] = ()
    kinds: Sequence[str] = ()
    depths: Sequence[int] = ()
    models: Sequence[str] = ()
    data: Path | None = None
    images: Path | None = None
    count: int = 192
    weights: str = "default"
    device: str | None = None


def refuse(request: Request) -> None:
    """Raise one sentence where what is asked for does not exist.

    >>> refuse(Request(parts=("planned",)))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    core.errors.UnknownName: unknown score 'planned'; the nearest valid one is 'planted' (there are: ...
    """
    for name in request.parts:
        if name not in PARTS:
            raise UnknownName("score", name, PARTS)
    for name in request.kinds:
        if name not in KINDS:
            raise UnknownName("kind of planted families", name, KINDS)
    for depth in request.depths:
        if depth not in (1, 2):
            raise BadInput(f"families are planted 1 or 2 layers deep; got {depth}")
    for noise in request.noises:
        if not 0 <= noise <= 1:
            raise BadInput(f"noise on planted weights is a share between 0 and 1; got {noise:g}")
    chosen(request.models)
    data_folder(request.data)
    if request.images is not None and not request.images.exists():
        raise BadInput(f"no pictures at {str(request.images)!r}")
