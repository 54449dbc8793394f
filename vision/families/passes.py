"""The passes over the inputs: likenesses of as many layers at once as memory allows, written down layer by layer."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from core.progress import Progress
from core.subject import Subject
from core.symmetry.likeness import likenesses
from core.symmetry.views import Views
from vision.families.records import likeness_path, write_likeness

ROOM = 2**30
"""Bytes of sums that one pass may keep; layers beyond wait for the next."""

DRAWS = 4
"""Matrices of label-shuffled transforms; what ``likenesses`` makes unless told otherwise."""


def collect(
    subject: Subject,
    views: Mapping[str, Views],
    folder: Path,
    *,
    of: str,
    called: str = "",
    positions: int,
    pooled: bool,
    seed: int,
    progress: Progress,
) -> None:
    """Write the likeness of every layer that has none yet; layers that share their views share passes over them.

    ``of`` is the part of the folder that they are written to, ``called`` what progress adds to its label.
    """
    missing = [name for name in views if not likeness_path(folder, name, of=of).exists()]

    def told(done: int, total: int, label: str) -> None:
        progress(done, total, f"{label}{called}")

    for some in _passes(subject, missing, views):
        found = likenesses(
            subject,
            some,
            views[some[0]],
            positions=positions,
            pooled=pooled,
            draws=DRAWS,
            seed=seed,
            progress=told,
        )
        for name in some:
            write_likeness(likeness_path(folder, name, of=of), found[name])


def _passes(subject: Subject, layers: Sequence[str], views: Mapping[str, Views]) -> Iterator[list[str]]:
    """Portions of layers that one pass collects."""
    sharing: dict[int, list[str]] = {}
    for name in layers:
        sharing.setdefault(id(views[name]), []).append(name)
    for names in sharing.values():
        yield from together(subject, names, len(views[names[0]].group))


def together(
    subject: Subject, layers: Sequence[str], elements: int, *, room: int = ROOM
) -> Iterator[list[str]]:
    """Layers in portions whose sums fit into memory together, in order; a layer too large goes by itself.

    >>> from core.testing import planted_classifier
    >>> list(together(planted_classifier(seed=0), ["conv", "relu", "pool"], 8, room=10_000))
    [['conv', 'relu'], ['pool']]
    """
    held: list[str] = []
    filled = 0
    for name in layers:
        needed = _bytes(subject.layers[name].channels, elements)
        if held and filled + needed > room:
            yield held
            held, filled = [], 0
        held.append(name)
        filled += needed
    if held:
        yield held


def _bytes(units: int, elements: int) -> int:
    """Of two halves' sums in double precision, and of what they are turned into."""
    return units * units * (2 * 8 * (elements + DRAWS) + 3 * 4 * elements)
