"""Figures of two families side by side: members of both at the places that the offset between them assigns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Num
from matplotlib.figure import Figure as Canvas

from reports.drawing import INK, MUTED, RULE, WIDTH, figure
from reports.families.rings import Ring, Spot, rings, shown_as
from reports.sections import Figure

GAP, HEAD, INSET, LABEL = 16.0, 20.0, 9.0, 8.0
"""Points between the two sides, above each, around each for labels that stand at its rim; and the size of labels."""

Document = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Side:
    """One network's family: members as {unit, place, places} and pictures (h, w, 3) by unit."""

    name: str
    members: Sequence[Document]
    pictures: Mapping[int, Num[np.ndarray, "h w 3"]] = field(repr=False)


def beside(
    first: Side,
    second: Side,
    group: Document,
    *,
    title: str,
    caption: str,
    rows: Sequence[Document] = (),
) -> Figure:
    """Two families, left and right, each on a ring (or strip, or grid) of the group's elements.

    ``places`` of the second side are given as the first counts them, so that counterparts stand at the same angle.

    >>> group = {"shape": [4], "wraps": [True], "labels": ["0°", "90°", "180°", "270°"], "axes": ["rotation"]}
    >>> one = Side("A", [{"unit": 7, "place": 1, "places": [1]}], {})
    >>> beside(one, one, group, title="Curves", caption="", rows=[{"a": 7}]).alt
    'Curves. A: unit 7 at 90°; A: unit 7 at 90°.'
    """
    sides = [_panels(side, group) for side in (first, second)]
    wide = (WIDTH - GAP) / 2
    box = wide if shown_as(group) in ("ring", "rings") else wide * _flatness(group)
    height = HEAD + len(sides[0]) * (box + 4)

    def draw(canvas: Canvas) -> None:
        for column, (side, panels) in enumerate(zip((first, second), sides, strict=True)):
            left = column * (wide + GAP)
            canvas.text(
                (left + wide / 2) / WIDTH,
                1 - 2 / height,
                side.name,
                ha="center",
                va="top",
                color=INK,
                fontsize=10,
            )
            for row, panel in enumerate(panels):
                top = HEAD + row * (box + 4)
                _panel(canvas, panel, side.pictures, (left, top, wide, box), height)

    labels = group["labels"]
    spoken = "; ".join(
        f"{side.name}: " + ", ".join(f"unit {one['unit']} at {labels[one['place']]}" for one in side.members)
        for side in (first, second)
    )
    alt = f"{title}. {spoken}."
    return figure(
        draw, height=height, title=title, caption=caption, alt=alt, rows=[dict(row) for row in rows]
    )


def _panels(side: Side, group: Document) -> list[Ring]:
    family = {"members": side.members}
    if shown_as(group) in ("ring", "rings"):
        return rings(family, group)
    return [_lattice(side.members, group)]


def _flatness(group: Document) -> float:
    """Height of a strip or grid by its width."""
    columns = group["shape"][-1]
    return float(max(0.25, len(group["labels"]) / columns / max(columns, 3)))


def _lattice(members: Sequence[Document], group: Document) -> Ring:
    """A strip or grid as spots, in hundredths of a square box: rows from its top."""
    columns = group["shape"][-1]
    step = 100 / max(columns, 3)
    side = 0.86 * step
    spots, holes, labels = [], [], []
    for slot, label in enumerate(group["labels"]):
        row, column = divmod(slot, columns)
        x, y = (column + 0.5) * step, (row + 0.5) * step
        here = [one for one in members if slot in one["places"]]
        if here:
            spots.append(Spot(here[0], x, y, side, slot != here[0]["place"]))
        else:
            holes.append((x, y, label))
        if len(group["labels"]) == columns:
            labels.append((x, y + 0.62 * step, label))
    return Ring("", spots, holes, side, labels, 0, 0.0)


def _panel(
    canvas: Canvas,
    panel: Ring,
    pictures: Mapping[int, np.ndarray],
    box: tuple[float, float, float, float],
    height: float,
) -> None:
    """A ring's pictures within (left, top, width, height) in points; hundredths are of the width."""
    left, top, wide, _ = box
    scale = (wide - 2 * INSET) / 100

    def at(x: float, y: float) -> tuple[float, float]:
        return (left + INSET + x * scale) / WIDTH, 1 - (top + INSET + y * scale) / height

    for x, y, _ in panel.holes:
        canvas.text(*at(x, y), "·", ha="center", va="center", color=RULE, fontsize=12)
    for x, y, label in panel.labels:
        canvas.text(*at(x, y), label, ha="center", va="center", color=MUTED, fontsize=LABEL)
    if panel.title:
        canvas.text(*at(50, 50), panel.title, ha="center", va="center", color=MUTED, fontsize=9)
    for spot in panel.spots:
        unit = int(spot.member["unit"])
        x, y = at(spot.x - spot.side / 2, spot.y + spot.side / 2)
        axes = canvas.add_axes((x, y, spot.side * scale / WIDTH, spot.side * scale / height))
        axes.set_axis_off()
        if unit in pictures:
            image = np.asarray(pictures[unit], float) / (255 if pictures[unit].dtype == np.uint8 else 1)
            axes.imshow(np.clip(image, 0, 1), aspect="auto", alpha=0.35 if spot.echo else 1.0)
        else:
            axes.text(0.5, 0.5, str(unit), ha="center", va="center", color=INK, fontsize=LABEL)
