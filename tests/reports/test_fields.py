"""Pages of fields: links lead to figures on the page, numbers are those drawn, words say what is seen."""

import re

import numpy as np
import pytest

from core.errors import BadInput
from core.provenance import Provenance
from core.targets import Unit
from envs.registry import world
from reports.fields import (
    along_lines,
    difference_maps,
    maps_section,
    path_maps,
    retargeting_maps,
    story_section,
)
from reports.html import page
from reports.sections import Report
from rl.agents import load
from rl.fields import (
    Along,
    StoryConfig,
    difference,
    field_of,
    path_probabilities,
    retarget,
    story_of,
)

LEVEL = 2147483650


@pytest.fixture(scope="module")
def maze():
    return world("cheese", size=9, rand_region=63, limit=15)


@pytest.fixture(scope="module")
def agents():
    return load("cheese-corner"), load("cheese-anywhere")


@pytest.fixture(scope="module")
def story(maze, agents):
    return story_of(agents[0], maze, LEVEL, config=StoryConfig(method="saliency"))


def test_marks_of_a_timeline_lead_to_the_bookmarks_of_the_same_page(story, seen):
    section = story_section(story)
    whole = page(Report("T", "Q?", "A.", "F.", evidence=[section]))
    found = seen(whole)
    ids = {one["id"] for tag, one in found.elements if "id" in one}
    within = [one[1:] for one in found.addresses() if one.startswith("#")]
    assert set(within) <= ids
    leading = [one for one in within if one.startswith("figure-")]
    assert len(story.bookmarks) > 1
    for number in range(1, len(story.bookmarks) + 1):
        assert (
            sum(one.startswith(f"figure-{number}-") for one in leading) >= 2
        )  # from the timeline, from the table
    assert "bookmark:" not in whole
    assert "<script" not in whole


def test_a_timeline_keeps_every_step_and_channel(story):
    drawn = story_section(story).figures[0]
    assert len(drawn.rows) == len(story.actions)
    assert drawn.rows[3]["TD error"] == story.errors[3]
    assert drawn.rows[3]["rests on cheese"] == pytest.approx(story.reasons.sums[3, 1])
    for one in story.bookmarks:
        assert f"step {one.step}, {one.why}" in drawn.alt
    assert len(drawn.content) < 150_000


def test_a_bookmark_shows_the_policy_in_numbers(story):
    bookmark = story_section(story).figures[1]
    step = story.bookmarks[0].step
    assert [row["probability"] for row in bookmark.rows] == pytest.approx(story.policy[step].tolist())
    assert [row["played"] for row in bookmark.rows].index(True) == story.actions[step]


def test_differences_have_a_row_for_every_cell_and_say_where_most(maze, agents):
    found = difference(*(field_of(one, maze, LEVEL) for one in agents))
    drawn = difference_maps(found, title="t")
    assert len(drawn.rows) == np.isfinite(found.values).sum()
    row, column = found.most
    assert f"most at row {row}, column {column}" in drawn.alt
    same = difference(found.before, found.before)
    assert difference_maps(same, title="t").alt == "t. Nothing changes in any cell."


def test_paths_and_retargeting_keep_their_numbers(maze, agents):
    paths = path_probabilities(agents[0], maze, LEVEL)
    drawn = path_maps(paths, title="t")
    held = {(row["row"], row["column"]): row["geometric mean"] for row in drawn.rows}
    assert held[paths.start] == 1
    found = retarget(agents[1], maze, LEVEL, Unit("relu1", 3), amount=1.6, controls=2)
    drawn = retargeting_maps(found, title="t")
    gains = [row["gain"] for row in drawn.rows if (row["row"], row["column"]) != found.start]
    assert np.mean(gains) == pytest.approx(found.mean)
    assert f"by {found.mean:+.2f} on average" in drawn.alt
    section = maps_section([field_of(agents[0], maze, LEVEL), field_of(agents[1], maze, LEVEL), paths, found])
    assert len(section.figures) == 3  # the two fields stand side by side
    assert all(re.search(r"\w", one.alt) and one.rows for one in section.figures)


def test_lines_need_a_cell_to_lead_to():
    nowhere = Along(
        "a", 1, "fc~up", (0.0,), (1, 1), {}, np.zeros((1, 3, 3)), np.zeros((0, 1, 3, 3)), Provenance()
    )
    with pytest.raises(BadInput, match="level 1 has none"):
        along_lines(nowhere, title="t")
    assert maps_section([nowhere]).figures == ()
