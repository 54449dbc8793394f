"""Differences of fields: none between the same, all where agents part; edits said in words."""

import numpy as np
import pytest

from core.errors import BadInput
from core.interventions import clamp, intervened
from core.targets import Unit
from envs import engine
from envs.editing.edits import free_cells, move, remove
from envs.registry import world
from rl.fields import changed, difference, field_of
from rl.goals import shifted


def test_an_agent_and_itself_do_not_differ(maze, cheese_seeker):
    one = field_of(cheese_seeker, shifted(maze), 3)
    found = difference(one, field_of(cheese_seeker, shifted(maze), 3))
    assert found.mean == 0
    assert not np.nan_to_num(found.values).any()


def test_two_planted_agents_differ_where_their_ways_part(maze, cheese_seeker, corner_runner):
    before, after = (field_of(one, shifted(maze), 3) for one in (cheese_seeker, corner_runner))
    found = difference(before, after)
    stands = np.isfinite(found.values)
    np.testing.assert_array_equal(found.values[stands], (after.values - before.values)[stands])
    apart = before.policy.argmax(2) != after.policy.argmax(2)
    np.testing.assert_allclose(found.variation[stands & apart], 1, atol=1e-5)
    assert np.nanmax(found.variation[stands & ~apart], initial=0) < 0.51  # ties between two ways at most
    assert found.variation[found.most] == pytest.approx(np.nanmax(found.variation))


def test_an_edit_of_the_state_moves_a_seeker_and_not_a_runner(maze, cheese_seeker, corner_runner):
    broken = shifted(maze)
    state = engine.reset(broken, [3])
    cell = next(cell for cell in free_cells(broken, state, 0, thing="cheese") if tuple(cell) != (1, 5))
    edited = move(broken, state, "cheese", cell)
    said = changed(broken, state, edited)
    assert said.endswith(f"to ({cell[0]}, {cell[1]})")
    for agent, moved in ((cheese_seeker, True), (corner_runner, False)):
        found = difference(field_of(agent, broken, state), field_of(agent, broken, edited), change=said)
        assert (found.mean > 0.1) is moved
        assert found.change == said


def test_under_an_intervention_a_seeker_is_blind(maze, cheese_seeker):
    broken = shifted(maze)
    with intervened(cheese_seeker, clamp(Unit("eye", 1), 0.0)) as blind:
        after = field_of(blind, broken, 3)
    stands = np.isfinite(after.values)
    assert (after.values[stands] == -99).all()  # no cheese anywhere: never reached
    assert (field_of(cheese_seeker, broken, 3).values[stands] > -99).all()


def test_edits_in_words():
    monster = world("monster")
    state = engine.reset(monster, [0])
    apples = int(state.planes[0, monster.channels.index("apple")].sum())
    said = changed(monster, state, remove(monster, state, "apple", allow=monster.spec.laws))
    assert said.startswith("apple at ")
    assert said.endswith("gone")
    assert said.count("(") + (apples - 4 if "more cells" in said else 0) == apples
    assert changed(monster, state, state) == "nothing changed"


def test_fields_of_different_worlds_and_of_many_states_are_refused(maze, cheese_seeker, corner_runner):
    from rl.agents import load

    small = field_of(cheese_seeker, maze, 3)
    large = field_of(load("cheese-corner"), world("cheese", size=9), 3)
    with pytest.raises(BadInput, match="expected the same world"):
        difference(small, large)
    with pytest.raises(BadInput, match="one instance"):
        field_of(cheese_seeker, maze, engine.reset(maze, [0, 1]))
