"""Figure of a Story as a timeline: value, TD error, policy change and attribution by channel, bookmarks marked."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from reports.drawing import INK, MUTED, PAPER, RULE, SERIES, WIDTH, figure, quiet
from reports.fields.bookmarks import bookmark_title
from reports.figures import clipped
from reports.html import anchor
from reports.sections import Figure
from rl.fields.story import Story

LEFT, RIGHT, TOP, BOTTOM, BETWEEN = 44.0, 8.0, 30.0, 44.0, 24.0
"""Points around and between the strips."""
SHOWN = 4
"""Channels that have a colour of their own; those that count least go together."""
LATER = "bookmark:"
"""What stands before a link until the figure is drawn: ids that are a figure's own are renamed by then."""


def timeline(story: Story, *, title: str, caption: str = "") -> Figure:
    """Four strips over the steps of an episode; the numbered marks lead to the bookmarks' figures on the same page."""
    strips: list[tuple[str, float, Callable[[Axes], None]]] = [
        (_value_name(story), 74, lambda axes: _value(axes, story)),
        ("TD error", 60, lambda axes: _bars(axes, story.errors)),
        ("policy change", 44, lambda axes: _bars(axes, story.changes, most=1.0)),
        (f"what {_explained(story)} rests on", 96, lambda axes: _reasons(axes, story)),
    ]
    height = TOP + BOTTOM + sum(high for _, high, _ in strips) + BETWEEN * len(strips)

    def draw(canvas: Canvas) -> None:
        top = height - TOP
        for number, (name, high, fill) in enumerate(strips):
            top -= BETWEEN
            axes = canvas.add_axes(
                (LEFT / WIDTH, (top - high) / height, 1 - (LEFT + RIGHT) / WIDTH, high / height)
            )
            fill(axes)
            canvas.text(0, (top + 6) / height, name, color=INK, fontsize=9.5)
            axes.set(xlim=(-0.5, len(story.actions) - 0.5))
            axes.yaxis.set_major_locator(MaxNLocator(nbins=3))
            axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
            quiet(axes)
            if number < len(strips) - 1:
                axes.set_xticklabels([])
            for mark, one in enumerate(story.bookmarks, 1):
                axes.axvline(one.step, color=MUTED, lw=0.8, ls=(0, (2, 2)), zorder=0)
                if number == 0:
                    _badge(axes, story, mark)
            top -= high
        axes.set_xlabel("step")
        _legend(canvas, story, height)

    drawn = figure(
        draw,
        height=height,
        title=title,
        caption=caption,
        alt=f"{title}. {_told(story)}",
        rows=_rows(story),
    )
    return replace(drawn, content=str(drawn.content).replace(f'href="{LATER}', 'href="#'))


def channels_shown(story: Story) -> tuple[tuple[str, np.ndarray], ...]:
    """The channels that count most over the episode, by name, and others that count together: (t,) each."""
    sums = story.reasons.sums
    order = np.argsort(-np.abs(sums).mean(0), kind="stable")
    order = order[: max(1, np.count_nonzero(sums.any(0)))]
    own = order if len(order) <= SHOWN + 1 else order[:SHOWN]
    found = [(story.reasons.channels[k], sums[:, k]) for k in own]
    if len(order) > len(own):
        found.append((f"{len(order) - len(own)} others", sums[:, order[len(own) :]].sum(1)))
    return tuple(found)


def _value_name(story: Story) -> str:
    return "value" if story.reasons.of == "value" else "value (of its best action)"


def _explained(story: Story) -> str:
    return "its value" if story.reasons.of == "value" else "its choice"


def _value(axes: Axes, story: Story) -> None:
    steps = np.arange(len(story.values))
    axes.plot(steps, story.values, color=SERIES[0], lw=1.6)
    paid = np.flatnonzero(np.asarray(story.rewards) != 0)
    for chosen, marker in ((story.rewards[paid] > 0, "^"), (story.rewards[paid] < 0, "v")):
        axes.plot(
            paid[chosen], story.values[paid[chosen]], marker, color=SERIES[1], ms=4.5, mec=PAPER, mew=0.5
        )


def _bars(axes: Axes, values: np.ndarray, *, most: float | None = None) -> None:
    steps = np.arange(len(values))
    for part, colour in ((np.maximum(values, 0), SERIES[0]), (np.minimum(values, 0), SERIES[1])):
        if part.any():
            axes.fill_between(steps, part, step="mid", color=colour, lw=0)
    axes.axhline(0, color=MUTED, lw=0.7)
    if most is not None:
        axes.set_ylim(0, most)


def _reasons(axes: Axes, story: Story) -> None:
    """For above and against below, each stacked from zero outwards in the legend's order."""
    channels = channels_shown(story)
    steps = np.arange(len(story.values))
    for sign in (1, -1):
        base = np.zeros(len(steps))
        for index, (_, sums) in enumerate(channels):
            upto = base + np.where(np.sign(sums) == sign, sums, 0)
            axes.fill_between(steps, base, upto, step="mid", color=_colour(index), lw=0)
            base = upto
    axes.axhline(0, color=MUTED, lw=0.7)


def _colour(index: int) -> str:
    return SERIES[index] if index < SHOWN else MUTED


def _badge(axes: Axes, story: Story, number: int) -> None:
    """A number over its step that leads to the bookmark's figure."""
    link = LATER + "figure-" + anchor(bookmark_title(story, number))
    box = {"boxstyle": "circle,pad=0.25", "facecolor": INK, "edgecolor": "none"}
    text = axes.text(
        story.bookmarks[number - 1].step,
        1.17 + 0.24 * _raised(story, number),
        str(number),
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="bottom",
        color=PAPER,
        fontsize=9,
        fontweight="bold",
        bbox=box,
    )
    text.set_url(link)
    patch = text.get_bbox_patch()
    if patch is not None:
        patch.set_url(link)


def _raised(story: Story, number: int) -> int:
    """1 for every second of badges that would stand on each other, else 0."""
    steps, raised = [one.step for one in story.bookmarks], 0
    for before, after in pairwise(steps[:number]):
        raised = 1 - raised if after - before < 0.05 * len(story.actions) else 0
    return raised


def _legend(canvas: Canvas, story: Story, height: float) -> None:
    axes = canvas.add_axes((0, 0, 1, 16 / height))
    axes.set(xlim=(0, WIDTH), ylim=(0, 16))
    axes.set_axis_off()
    at = 5.0
    for index, (name, _) in enumerate(channels_shown(story)):
        axes.plot([at], [8], "s", color=_colour(index), ms=8)
        axes.text(at + 9, 8, clipped(name, 14), va="center", color=INK, fontsize=9)
        at += 26 + 5.2 * min(len(name), 14)
    if np.asarray(story.rewards).any():
        axes.plot([at], [8], "^", color=SERIES[1], ms=6)
        axes.text(at + 9, 8, "reward", va="center", color=INK, fontsize=9)
    axes.plot([0, WIDTH], [16, 16], color=RULE, lw=0)


def _told(story: Story) -> str:
    end = "it ended by itself" if story.terminated else "it was cut short"
    rest = ", ".join(f"{name} {float(np.abs(sums).mean()):.2g}" for name, sums in channels_shown(story))
    marked = "; ".join(f"step {one.step}, {one.why}" for one in story.bookmarks) or "none stands out"
    return (
        f"{story.subject} in level {story.level}: {len(story.actions)} steps, {end}; value from "
        f"{story.values[0]:.2f} to {story.values[-1]:.2f}. Mean strength of what {_explained(story)} rests on: {rest}. "
        f"Largest surprises: {marked}."
    )


def _rows(story: Story) -> Sequence[dict[str, Any]]:
    return [
        {
            "step": step,
            "action": story.action_names[int(story.actions[step])],
            "probability": float(story.policy[step, story.actions[step]]),
            "value": float(story.values[step]),
            "reward": float(story.rewards[step]),
            "TD error": float(story.errors[step]),
            "policy change": float(story.changes[step]),
            "surprise": float(story.surprise[step]),
            "events": story.happened[step],
        }
        | {
            f"rests on {name}": float(story.reasons.sums[step, k])
            for k, name in enumerate(story.reasons.channels)
        }
        for step in range(len(story.actions))
    ]
