"""Path probabilities equal what enumeration, simulation and arithmetic say."""

import itertools

import numpy as np
import pytest

from envs import engine
from envs.editing.notation import from_text
from envs.registry import world
from rl.fields.paths import geometric_means, path_probabilities, reach_probabilities
from rl.fields.walk import walk_of
from rl.goals import shifted
from rl.rollouts import play

ROOM = world("coin", height=5, length=10, lava=0.0, limit=30)


def enumerated(walk, likely):
    """The best geometric mean over all shortest ways, way by way."""
    step, found = walk.steps(likely), {walk.start: 1.0}
    ahead, far = {walk.start: [[walk.start]]}, walk.far
    for distance in range(1, far.max() + 1):
        ways = {}
        for node in np.flatnonzero(far == distance):
            ways[node] = [
                [*way, node]
                for way in itertools.chain(*ahead.values())
                if way[-1] < len(walk.leads) and step[way[-1], node] > 0
            ]
            means = [
                np.prod([step[a, b] for a, b in itertools.pairwise(way)]) ** (1 / distance)
                for way in ways[node]
            ]
            found[node] = max(means)
        ahead = ways
    return found


@pytest.mark.parametrize("level", [0, 1, 2])
def test_geometric_means_equal_enumeration_of_all_shortest_ways(level):
    walk = walk_of(ROOM, engine.reset(ROOM, [level]))
    likely = np.random.default_rng(level).dirichlet(np.full(4, 0.5), len(walk.leads))
    wanted = enumerated(walk, likely)
    made = geometric_means(walk, likely)
    assert len(wanted) == np.isfinite(made).sum() > 15
    for node, value in wanted.items():
        assert made[node] == pytest.approx(value, rel=1e-9)


def test_a_planted_agent_walks_its_own_way_with_probability_one(maze, corner_runner):
    found = path_probabilities(corner_runner, shifted(maze), 3)
    on_the_way = path_probabilities(corner_runner, maze, 3).marks["corner"]
    assert found.exact
    assert found.likely[found.start] == found.reach[found.start] == 1
    corner = found.marks["corner"]
    assert corner == on_the_way
    if np.isfinite(found.likely[corner]):
        assert found.likely[corner] == pytest.approx(1, abs=1e-5)
        assert found.reach[corner] == pytest.approx(1, abs=1e-5)
    beside = np.isfinite(found.likely) & (found.likely < 0.5)
    assert (found.reach[beside] < 1e-3).all()


def test_chances_of_coming_somewhere_are_those_of_play():
    from rl.agents import load

    agent, maze = load("cheese-anywhere"), world("cheese", size=9, rand_region=63, limit=25)
    level = 2147483655
    found = path_probabilities(agent, maze, level)
    games = play(agent, maze, np.full(4000, level), seed=1)
    visited = np.zeros(found.reach.shape)
    for cells in games.positions:
        stood = cells[cells[:, 0] >= 0]
        visited[tuple(np.unique(stood, axis=0).T)] += 1
    error = np.abs(visited / 4000 - np.nan_to_num(found.reach))
    assert error.max() < 5 * np.sqrt(0.25 / 4000)


def test_a_random_walk_comes_everywhere_in_the_long_run():
    walk = walk_of(ROOM, from_text(_room(), ROOM, allow=("at most one coin, in its place",))[1])
    uniform = np.full(walk.leads.shape, 0.25)
    long, short = (reach_probabilities(walk, uniform, limit) for limit in (100_000, 0))
    ending = np.flatnonzero(np.arange(len(walk.cells)) >= len(walk.leads))
    np.testing.assert_allclose(long[ending], 1, atol=1e-6)
    assert short.sum() == short[walk.start] == 1


def _room():
    return "\n".join(["##########", "#@......C#", "#........#", "#........#", "##########"])


def test_a_world_that_moves_by_itself_says_that_it_is_not_exact():
    monster = world("monster")
    assert not walk_of(monster, engine.reset(monster, [0])).still
