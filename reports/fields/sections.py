"""Sections for pages: maps of what an agent would do everywhere, and an episode told step by step."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reports.fields.bookmarks import bookmark_figure, bookmark_title
from reports.fields.differences import difference_maps
from reports.fields.paths import along_lines, path_maps, retargeted, retargeting_maps
from reports.fields.timeline import timeline
from reports.html import anchor
from reports.maps import MazeMap, maze_maps
from reports.sections import Figure, Link, Section, Table
from rl.fields.along import Along
from rl.fields.differences import FieldDifference
from rl.fields.field import Field
from rl.fields.paths import PathProbabilities
from rl.fields.retarget import Retargeting
from rl.fields.story import Story

Result = Field | FieldDifference | PathProbabilities | Retargeting | Along
"""What can stand among maps."""


def maps_section(found: Sequence[Result], *, title: str = "What it would do everywhere") -> Section:
    """Fields, differences, path probabilities, retargetings and lines along directions, in the order given.

    Fields of one level that follow each other stand side by side, at most two. Lines along a direction need marked
    cells and are left out where there are none.

    >>> maps_section([]).figures
    ()
    """
    figures: list[Figure] = []
    waiting: list[Field] = []
    for one in [*found, None]:
        together = isinstance(one, Field) and len(waiting) < 2 and _beside(waiting, one)
        if waiting and not together:
            figures.append(_fields(waiting))
            waiting = []
        if isinstance(one, Field):
            waiting.append(one)
        elif one is not None and not (isinstance(one, Along) and not one.marks):
            figures.append(_figure(one))
    return Section(title, text=_words(found), figures=tuple(figures))


def story_section(story: Story, *, title: str | None = None) -> Section:
    """One episode: its timeline, a figure of every bookmark, and a table that leads to them."""
    name = title or f"{story.subject} in level {story.level}, step by step"
    marks = range(1, len(story.bookmarks) + 1)
    drawn = timeline(
        story,
        title=f"{story.subject}, level {story.level}: value, surprise, and what they rest on",
        caption=_told(story),
    )
    rows = [
        (
            Link(f"{number}", f"#figure-{anchor(bookmark_title(story, number))}"),
            one.step,
            round(float(one.surprise), 2),
            round(float(story.errors[one.step]), 3),
            round(float(story.changes[one.step]), 3),
            one.why,
        )
        for number, one in enumerate(story.bookmarks, 1)
    ]
    header = ("bookmark", "step", "surprise", "TD error", "policy change", "what came of it")
    tables = [Table(header, rows, f"Largest surprises of {story.subject} in level {story.level}")]
    return Section(
        name,
        text=_episode(story),
        figures=(drawn, *(bookmark_figure(story, number) for number in marks)),
        tables=tables if rows else (),
    )


def _fields(fields: Sequence[Field]) -> Figure:
    maps = [
        MazeMap(
            one.subject,
            one.frame,
            one.values,
            one.moves,
            one.path,
            one.marks,
            f"level {one.level}",
            one.head == "q",
        )
        for one in fields
    ]
    names = " and ".join(dict.fromkeys(one.subject for one in fields))
    return maze_maps(
        maps,
        title=f"Value and policy of {names} in level {fields[0].level}",
        caption="Colour is the value with the agent put in each cell, arrows are its policy there.",
    )


def _beside(waiting: Sequence[Field], one: Field) -> bool:
    return not waiting or (waiting[0].level == one.level and waiting[0].values.shape == one.values.shape)


def _figure(one: Any) -> Figure:
    if isinstance(one, FieldDifference):
        return difference_maps(
            one,
            title=f"Level {one.before.level}: {one.change}",
            caption="Colour is value, arrows are the policy; on the right, what changed of each. The ring is round the "
            "cell in which the policy changed most.",
        )
    if isinstance(one, PathProbabilities):
        return path_maps(
            one,
            title=f"Where {one.subject} goes from its start in level {one.level}",
            caption="Left: the geometric mean of the probabilities of the steps of a shortest way to each cell, the "
            f"likeliest of the shortest. Right: how likely it ever comes there within {one.limit} steps, by any way. "
            "To cells without colour no way leads that does not end before.",
        )
    if isinstance(one, Retargeting):
        return retargeting_maps(
            one,
            title=f"{one.subject}, level {one.level}: does {one.what} draw it to where it is held up?",
            caption="Each cell's colour is the path probability to it with the intervention placed there.",
        )
    return along_lines(
        one,
        title=f"{one.subject}, level {one.level}: along {one.direction}",
        caption="Path probability to the marked cells as the direction is added; dashed, random directions as long.",
    )


def _words(found: Sequence[Result]) -> str:
    told = [f"{retargeted(one)}" for one in found if isinstance(one, Retargeting)]
    frozen = [one for one in found if isinstance(one, PathProbabilities) and not one.exact]
    if frozen:
        told.append(
            "Here the world changes as the agent walks, or the agent remembers: path probabilities are those of the "
            "moment, all else standing still."
        )
    return "\n\n".join(told)


def _episode(story: Story) -> str:
    total = float(np.sum(story.rewards))
    end = "ended by itself" if story.terminated else "was cut short"
    return (
        f"It took {len(story.actions)} steps, earned {total:.3g} and {end}. "
        "A bookmark is a moment in which the TD error and the change of the policy, each against its own spread in "
        "this episode, were largest; the numbers over the timeline lead to them."
    )


def _told(story: Story) -> str:
    gap = float(np.abs(story.reasons.gaps).max())
    scaled = f", rewards x {story.discount.reward_scale:g}" if story.discount.reward_scale != 1 else ""
    return (
        f"TD error with gamma {story.discount.gamma:g}{scaled}. What counts for is stacked upwards, what counts "
        f"against downwards: {story.reasons.method} of {story.reasons.of}; its sums are off by at most {gap:.2g}."
    )
