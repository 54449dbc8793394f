"""Figure of a FieldDifference: before, after, and what changed, cell by cell."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from reports.drawing import figure
from reports.fields.panels import Panel, draw_panels, height_of
from reports.sections import Figure
from rl.fields.differences import FieldDifference
from rl.fields.field import Field


def difference_maps(found: FieldDifference, *, title: str, caption: str = "") -> Figure:
    """Two fields and their difference side by side: value as colour, policy as arrows.

    In the third panel colour is what the value gained or lost, and arrows what the expected displacement gained;
    the ring is round the cell in which the policy changed most. Rows hold every cell in which either can stand.
    """
    known = [one.values[np.isfinite(one.values)] for one in (found.before, found.after)]
    seen = np.concatenate([*known, np.zeros(0)])
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
    reach = float(np.nanmax(np.abs(found.values), initial=0.0, where=np.isfinite(found.values))) or 1.0
    ring = None if found.most == (-1, -1) or found.mean == 0 else found.most

    def side(name: str, one: Field) -> Panel:
        return Panel(name, one.values, one.frame, (low, high), moves=one.moves, marks=one.marks)

    panels = [
        side("before", found.before),
        side("after", found.after),
        Panel(
            "difference",
            found.values,
            found.after.frame,
            (-reach, reach),
            signed=True,
            moves=found.moves,
            marks=found.after.marks,
            ring=ring,
        ),
    ]

    def draw(canvas: Canvas) -> None:
        draw_panels(canvas, panels, 3, legend="value")

    alt = f"{title}. {in_words(found)}"
    return figure(draw, height=height_of(panels, 3), title=title, caption=caption, alt=alt, rows=_rows(found))


def in_words(found: FieldDifference) -> str:
    """How much changed, and where most."""
    if found.most == (-1, -1):
        return "The agent can stand in no cell of both."
    row, column = found.most
    if found.mean == 0 and not np.nan_to_num(found.values).any():
        return "Nothing changes in any cell."
    told = (
        f"The policy changes by {found.mean:.0%} of its probability on average over the cells, most at row {row}, "
        f"column {column}, by {found.variation[found.most]:.0%}"
    )
    at, by = found.most_worth, found.values[found.most_worth]
    return f"{told}; the value changes most at row {at[0]}, column {at[1]}, by {by:+.2g}."


def _rows(found: FieldDifference) -> list[dict[str, float | int | None]]:
    either = np.isfinite(found.before.values) | np.isfinite(found.after.values)

    def number(value: float) -> float | None:
        return float(value) if np.isfinite(value) else None

    return [
        {
            "row": int(row),
            "column": int(column),
            "value before": number(found.before.values[row, column]),
            "value after": number(found.after.values[row, column]),
            "value change": number(found.values[row, column]),
            "policy change": number(found.variation[row, column]),
            "down": number(found.moves[row, column, 0]),
            "right": number(found.moves[row, column, 1]),
        }
        for row, column in np.argwhere(either)
    ]
