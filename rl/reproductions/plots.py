"""What the picture of a reproduction shows, as data: strips of dots (one a trained agent) and curves."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.uncertainty import Interval


@dataclass(frozen=True)
class Strip:
    """A line of dots: what each agent of a group did, and the group's mean with its interval over agents."""

    label: str
    values: Sequence[float]
    mean: Interval


@dataclass(frozen=True)
class Strips:
    """Lines of dots on one axis; ``marks`` are values to compare with, each with its name."""

    title: str
    axis: str
    strips: Sequence[Strip]
    marks: Sequence[tuple[float, str]] = ()
    share: bool = False


@dataclass(frozen=True)
class Line:
    """A curve of one agent (or of the mean of several); those of one ``label`` share a colour."""

    label: str
    x: Sequence[float | int]
    y: Sequence[float | int]


@dataclass(frozen=True)
class Lines:
    """Curves over a common axis."""

    title: str
    x_axis: str
    y_axis: str
    lines: Sequence[Line]
    share: bool = False


@dataclass(frozen=True)
class Picture:
    """Panels one above the other, with one caption that says what is seen."""

    caption: str
    panels: Sequence[Strips | Lines]
