"""Figures of path probabilities: to every cell, under an intervention placed at each, and along a direction."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from reports.drawing import MARKERS, SERIES, WIDTH, figure, quiet
from reports.fields.panels import Panel, draw_panels, height_of
from reports.sections import Figure
from rl.fields.along import Along
from rl.fields.paths import PathProbabilities
from rl.fields.retarget import Retargeting

PROBABILITY = (0.0, 1.0)


def path_maps(found: PathProbabilities, *, title: str, caption: str = "") -> Figure:
    """Two heat maps of one level: the geometric mean along a shortest way, and the chance of ever coming there."""
    told = "ever comes there" if found.exact else "ever comes there, all else still"
    panels = [
        Panel(name, numbers, found.frame, PROBABILITY, marks=found.marks, start=found.start)
        for name, numbers in (("each step of the shortest way", found.likely), (told, found.reach))
    ]

    def draw(canvas: Canvas) -> None:
        draw_panels(canvas, panels, 2, legend="probability")

    rows = [
        {"row": int(row), "column": int(column), "steps": int(found.steps[row, column])}
        | {
            "geometric mean": float(found.likely[row, column]),
            "ever reached": float(found.reach[row, column]),
        }
        for row, column in np.argwhere(np.isfinite(found.likely))
    ]
    spoken = f"{found.subject} in level {found.level}: {_of_marks(found.likely, found.marks)}"
    alt = f"{title}. {spoken} ever reached: {_of_marks(found.reach, found.marks)}"
    return figure(draw, height=height_of(panels, 2), title=title, caption=caption, alt=alt, rows=rows)


def retargeting_maps(found: Retargeting, *, title: str, caption: str = "") -> Figure:
    """Four heat maps: path probability with nothing done, with the intervention at each cell, the control's, the gain.

    The ring is round the cell to which the intervention helps most.
    """
    control = found.control.mean(0) if len(found.control) else np.full(found.before.shape, np.nan)
    reach = float(np.nanmax(np.abs(found.rise)))
    gained = np.where(np.isfinite(found.rise), found.rise, -np.inf)
    row, column = np.unravel_index(int(gained.argmax()), gained.shape)
    panels = [
        Panel(name, numbers, found.frame, PROBABILITY, marks=found.marks, start=found.start)
        for name, numbers in (
            ("nothing done", found.before),
            (f"{found.what} at {found.amount:.3g}, there", found.after),
            ("random ones there, their mean", control),
        )
    ]
    panels.append(
        Panel(
            "gain over nothing done",
            found.rise,
            found.frame,
            (-reach, reach),
            signed=True,
            marks=found.marks,
            start=found.start,
            ring=(int(row), int(column)) if reach > 0 else None,
        )
    )

    def draw(canvas: Canvas) -> None:
        draw_panels(canvas, panels, 2, legend="probability")

    rows = [
        {"row": int(y), "column": int(x), "before": float(found.before[y, x])}
        | {"after": float(found.after[y, x]), "gain": float(found.rise[y, x])}
        | {f"after {name}": float(found.control[k, y, x]) for k, name in enumerate(found.controls)}
        for y, x in np.argwhere(np.isfinite(found.before))
    ]
    return figure(
        draw,
        height=height_of(panels, 2),
        title=title,
        caption=caption,
        alt=f"{title}. {retargeted(found)}",
        rows=rows,
    )


def retargeted(found: Retargeting) -> str:
    """In words: what the intervention gains on average, beside random ones."""
    told = (
        f"{found.what} at {found.amount:.3g}, placed at a cell, changes the path probability to it by "
        f"{found.mean:+.2f}"
    )
    if not found.controls:
        return f"{told} on average."
    chance = ", ".join(
        f"{name} by {gain:+.2f}" for name, gain in zip(found.controls, found.chance, strict=True)
    )
    return f"{told} on average; for comparison {chance}."


def along_lines(found: Along, *, title: str, caption: str = "") -> Figure:
    """The path probability to each marked cell by amount of a direction; random directions thin and dashed.

    Raises
    ------
    BadInput
        if nothing is marked in the level, so that there is no cell to draw.
    """
    if not found.marks:
        raise BadInput(
            f"figure {title!r} draws path probabilities to marked cells, and level {found.level} has none"
        )

    def draw(canvas: Canvas) -> None:
        axes = canvas.add_axes((46 / WIDTH, 0.2, 1 - 60 / WIDTH, 0.66))
        for index, (name, cell) in enumerate(found.marks.items()):
            style: dict[str, Any] = {"color": SERIES[index % 4]}
            for control in found.control:
                axes.plot(
                    found.amounts, control[(slice(None), *cell)], lw=0.9, ls=(0, (3, 2)), alpha=0.8, **style
                )
            axes.plot(
                found.amounts, found.to(cell), lw=1.8, marker=MARKERS[index % 4], ms=5, label=name, **style
            )
        axes.set(ylim=(-0.02, 1.02))
        axes.set_xlabel("times the direction is added")
        axes.set_ylabel("path probability")
        quiet(axes)
        canvas.legend(*axes.get_legend_handles_labels(), loc="upper left", ncols=3, borderaxespad=0)

    rows = [
        {"to": name, "amount": amount, "path probability": float(found.to(cell)[n])}
        | {f"random {k}": float(one[(n, *cell)]) for k, one in enumerate(found.control)}
        for name, cell in found.marks.items()
        for n, amount in enumerate(found.amounts)
    ]
    spoken = "; ".join(
        f"to the {name} from {found.to(cell)[0]:.2f} to {found.to(cell)[-1]:.2f}"
        for name, cell in found.marks.items()
    )
    span = f"from {found.amounts[0]:g} to {found.amounts[-1]:g} times"
    alt = f"{title}: path probability along {found.direction}, {span}. {spoken}."
    return figure(draw, height=210, title=title, caption=caption, alt=alt, rows=rows)


def _of_marks(numbers: np.ndarray, marks: Mapping[str, tuple[int, int]]) -> str:
    known = {name: numbers[cell] for name, cell in marks.items() if np.isfinite(numbers[cell])}
    if known:
        return ", ".join(f"to the {name} {value:.2f}" for name, value in known.items()) + "."
    inner = numbers[np.isfinite(numbers)]
    return f"{len(inner)} cells, on average {float(inner.mean()):.2f}."
