"""States that two agents part over: the state, how likely each agent takes each action, and what its choice hung on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from reports.drawing import INK, MUTED, RULE, SERIES, WIDTH, figure
from reports.figures import clipped
from reports.maps import Overlay, overlaid, plain, pointed, signed_legend
from reports.sections import Figure

SIDE, GAP, HEAD, LEGEND = 91.0, 5.0, 28.0, 22.0
"""Points: a picture's side, between pictures, over each row for its words, and of the legend."""
HATCH = ("", "////")


@dataclass(frozen=True, eq=False)
class Side:
    """One agent in one state: how likely each action is, what it saw (h, w, 3), and what its preferred one hung on."""

    subject: str
    likely: Float[np.ndarray, "a"]
    seen: Num[np.ndarray, "h w 3"] = field(repr=False)
    attribution: Float[np.ndarray, "rows cols"] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Apart:
    """A state that two agents part over; ``met``: it was met in play, not sampled. ``distance``: total variation."""

    picture: Num[np.ndarray, "y x 3"] = field(repr=False)
    actions: tuple[str, ...]
    distance: float
    met: bool
    level: int
    sides: tuple[Side, Side]


def states_apart(states: Sequence[Apart], *, title: str, caption: str) -> Figure:
    """One row a state: the picture, both agents' action probabilities as bars, and both attributions.

    Raises
    ------
    BadInput
        if there are no states.

    >>> one = Side("a", np.array([1.0, 0.0]), np.ones((3, 3, 3)), np.eye(3))
    >>> other = Side("b", np.array([0.2, 0.8]), np.ones((3, 3, 3)), np.eye(3))
    >>> state = Apart(np.ones((9, 9, 3)), ("up", "down"), 0.8, False, 7, (one, other))
    >>> made = states_apart([state], title="t", caption="")
    >>> made.rows[0]["action"], made.rows[1]["b"]
    ('up', 0.8)
    """
    if not states:
        raise BadInput(f"figure {title!r} has no states to show; expected at least one")
    block = SIDE + HEAD
    height = LEGEND + block * len(states)

    def draw(canvas: Canvas) -> None:
        for row, one in enumerate(states):
            _state(canvas, one, top=height - row * block, height=height)
        signed_legend(canvas, height)

    rows = [
        {
            "state": number,
            "level": one.level,
            "met in play": one.met,
            "distance": one.distance,
            "action": action,
        }
        | {side.subject: float(side.likely[index]) for side in one.sides}
        for number, one in enumerate(states, 1)
        for index, action in enumerate(one.actions)
    ]
    alt = f"{title}. " + " ".join(_told(number, one) for number, one in enumerate(states, 1))
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def preferred(side: Side, actions: Sequence[str]) -> str:
    """The likeliest action and how likely it is.

    >>> preferred(Side("a", np.array([0.25, 0.75]), np.ones((1, 1, 3)), np.ones((1, 1))), ("up", "down"))
    'down 75 %'
    """
    best = int(side.likely.argmax())
    return f"{actions[best]} {100 * side.likely[best]:.0f} %"


def _state(canvas: Canvas, one: Apart, *, top: float, height: float) -> None:
    below = top - HEAD - SIDE + 4
    words = [
        ("met in play" if one.met else "sampled", f"level {one.level}", INK),
        (f"{100 * one.distance:.0f} % apart", "the actions", INK),
        *(
            (preferred(side, one.actions), side.subject, SERIES[place])
            for place, side in enumerate(one.sides)
        ),
    ]
    for column, (first, second, colour) in enumerate(words):
        left = column * (SIDE + GAP)
        room: dict[str, Any] = {"fontsize": 9, "va": "top"}
        canvas.text(left / WIDTH, (top - 2) / height, clipped(first, 17), color=colour, **room)
        canvas.text(left / WIDTH, (top - 13) / height, clipped(second, 17), color=MUTED, **room)
        box = (left / WIDTH, below / height, SIDE / WIDTH, SIDE / height)
        if column == 1:
            inner = (box[0] + 36 / WIDTH, box[1] + 2 / height, box[2] - 40 / WIDTH, box[3] - 4 / height)
            _bars(canvas.add_axes(inner), one)
            continue
        axes = canvas.add_axes(box)
        axes.imshow(
            plain(one.picture) if not column else overlaid(_overlay(one.sides[column - 2])),
            interpolation="none",
        )
        axes.set_axis_off()
        axes.set_anchor("N")


def _bars(axes: Axes, one: Apart) -> None:
    for place, side in enumerate(one.sides):
        at = np.arange(len(one.actions)) + (place - 0.5) * 0.38
        axes.barh(
            at,
            side.likely,
            0.34,
            color=SERIES[place],
            hatch=HATCH[place],
            edgecolor=("none", "#ffffff")[place],
            lw=0,
        )
    axes.set(xlim=(0, 1), ylim=(len(one.actions) - 0.4, -0.6), xticks=[])
    axes.set_yticks(range(len(one.actions)), [clipped(action, 8) for action in one.actions], fontsize=8)
    axes.spines[["bottom"]].set_visible(False)
    axes.spines[["left"]].set_color(RULE)


def _overlay(side: Side) -> Overlay:
    return Overlay(side.subject, side.seen, side.attribution)


def _told(number: int, one: Apart) -> str:
    said = ", ".join(f"{side.subject} {preferred(side, one.actions)}" for side in one.sides)
    return f"State {number}: {said}. " + " ".join(pointed(_overlay(side)) for side in one.sides)
