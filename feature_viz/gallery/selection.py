"""Which layers and units a gallery shows: names, globs and ranges as text, checked against the subject."""

import fnmatch
from collections.abc import Sequence

from core.errors import BadInput, UnknownName
from core.subject import Subject, layer_named

PASSING_ON = (
    "Sequential",
    "ModuleList",
    "Identity",
    "Flatten",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
)
"""Kinds of module whose output is another layer's: ``all`` leaves them out, their names still work."""


def chosen_layers(subject: Subject, text: str) -> tuple[str, ...]:
    """Layers in execution order from ``all``, names and globs, separated by commas.

    Raises
    ------
    UnknownName
        if a name is no layer's, or a glob matches none; offers the nearest.

    >>> from core.testing import planted_classifier
    >>> chosen_layers(planted_classifier(seed=0), "relu, c*")
    ('conv', 'relu')
    """
    wanted: set[str] = set()
    for part in (piece.strip() for piece in text.split(",")):
        wanted.update(_matching(subject, part))
    return tuple(name for name in subject.layers if name in wanted)


def _matching(subject: Subject, part: str) -> Sequence[str]:
    if part == "all":
        return [name for name, layer in subject.layers.items() if layer.kind not in PASSING_ON]
    if not any(sign in part for sign in "*?["):
        return [layer_named(subject, part).name]
    found = fnmatch.filter(subject.layers, part)
    if not found:
        raise UnknownName(f"layer of {subject.name}", part, subject.layers)
    return found


def chosen_units(text: str | None, count: int, layer: str) -> tuple[int, ...]:
    """Channels from text such as ``0-23,40``; all of the ``count`` where there is no text.

    Raises
    ------
    BadInput
        if a part is no number or range, or lies outside 0 to ``count`` - 1.

    >>> chosen_units("0-2,5", 8, "conv")
    (0, 1, 2, 5)
    """
    if text is None or text.strip() == "all":
        return tuple(range(count))
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise BadInput(
                f"units {text!r} are not of the form 0-23,40: {part.strip()!r} is no number or range"
            )
        low, high = int(first), int(last or first)
        if high < low or high >= count:
            raise BadInput(
                f"units {part.strip()!r} are not within layer {layer!r}, which has 0 to {count - 1}"
            )
        found.update(range(low, high + 1))
    return tuple(sorted(found))


def as_ranges(units: Sequence[int]) -> str:
    """Sorted channels as the text that ``chosen_units`` reads.

    >>> as_ranges((0, 1, 2, 5))
    '0-2,5'
    """
    runs: list[list[int]] = []
    for unit in units:
        if runs and unit == runs[-1][1] + 1:
            runs[-1][1] = unit
        else:
            runs.append([unit, unit])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)
