"""Figure of one bookmark of a Story: the level as it stood, what the agent saw and rested on, what it would do."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from reports.drawing import INK, MUTED, SERIES, WIDTH, figure
from reports.figures import clipped
from reports.maps import Overlay, overlaid, plain, pointed, signed_legend
from reports.sections import Figure
from rl.fields.story import Story

SIDE, GAP = 138.0, 10.0
"""Points along each of the two pictures, and between all three parts."""


def bookmark_title(story: Story, number: int) -> str:
    """The title of the figure of a bookmark, counted from 1; its anchor is what the timeline leads to."""
    one = story.bookmarks[number - 1]
    return f"{number}: {story.subject}, level {story.level}, step {one.step}"


def bookmark_figure(story: Story, number: int) -> Figure:
    """The ``number``-th bookmark, from 1: level, view with attribution, and how likely each action was."""
    one = story.bookmarks[number - 1]
    title = bookmark_title(story, number)
    overlay = Overlay(story.subject, one.seen, one.attribution, story.reasons.of)
    pictures = (("the level", plain(one.frame)), ("what it saw, and rested on", overlaid(overlay)))
    tall = max(SIDE * picture.shape[0] / picture.shape[1] for _, picture in pictures)
    height = tall + 42
    likely, played = story.policy[one.step], int(story.actions[one.step])

    def draw(canvas: Canvas) -> None:
        for index, (name, picture) in enumerate(pictures):
            high = SIDE * picture.shape[0] / picture.shape[1]
            left = index * (SIDE + GAP)
            axes = canvas.add_axes((left / WIDTH, (height - 18 - high) / height, SIDE / WIDTH, high / height))
            axes.imshow(picture, interpolation="none", aspect="auto")
            axes.set_axis_off()
            canvas.text(left / WIDTH, (height - 12) / height, name, color=INK, fontsize=9.5)
        _actions(canvas, story, likely, played, height)
        signed_legend(canvas, height)

    rows = [
        {"action": name, "probability": float(value), "played": name == story.action_names[played]}
        for name, value in zip(story.action_names, likely, strict=True)
    ]
    alt = f"{title}. {one.why}. {pointed(overlay)} It played {story.action_names[played]}, {likely[played]:.0%} likely."
    return figure(draw, height=height, title=title, caption=f"{one.why}.", alt=alt, rows=rows)


def _actions(canvas: Canvas, story: Story, likely: np.ndarray, played: int, height: float) -> None:
    """Bars of the action probabilities right of the pictures, the one played filled."""
    left = 2 * (SIDE + GAP)
    width = WIDTH - left
    canvas.text(left / WIDTH, (height - 12) / height, "its policy", color=INK, fontsize=9.5)
    for index, (name, value) in enumerate(zip(story.action_names, likely.tolist(), strict=True)):
        up = height - 34 - 27 * index
        bar = canvas.add_axes((left / WIDTH, (up - 11) / height, width / WIDTH, 8 / height))
        bar.set(xlim=(0, 1), ylim=(0, 1))
        bar.set_axis_off()
        colour = SERIES[0] if index == played else MUTED
        bar.barh([0.5], [value], height=1, color=colour)
        bar.plot([0, 1], [0, 0], color=MUTED, lw=0.6)
        said = f"{clipped(name, 8)} {value:.0%}"
        canvas.text(
            left / WIDTH,
            up / height,
            said,
            color=INK,
            fontsize=9,
            fontweight="bold" if index == played else "normal",
        )
