"""A game by its keys: what each does, and that a game is never changed."""

from dataclasses import replace

import numpy as np
import pytest

from envs import engine, registry
from envs.checks import same
from envs.spec import World
from gridlens.terminal.game import SPEEDS, Choice, new_game, press, tick
from gridlens.terminal.players import by_policy

MAZE = registry.world("cheese", size=7, rand_region=63)
FIRST_TEST = 2**31


def pressed(game, keys):
    for key in keys:
        game = press(game, key)
    return game


@pytest.mark.parametrize("keys", [("up", "right", "left", "down"), "wdas", "klhj", "1423"])
def test_the_four_directions_are_the_engines(keys):
    state = engine.reset(MAZE, [5])
    for action in (0, 3, 2, 1):
        engine.step(MAZE, state, np.array([action]))
    assert same(pressed(new_game(MAZE, 5), keys).now.state, state)


def test_undo_goes_back_move_by_move_and_the_future_is_the_same():
    start = new_game(MAZE, 5)
    there = pressed(start, ["up", "up", "right"])
    back = pressed(there, ["u", "u"])
    assert same(back.now.state, press(start, "up").now.state)
    assert same(pressed(back, ["up", "right"]).now.state, there.now.state)
    assert "nothing" in pressed(start, ["u"]).note


def test_restart_and_next_level():
    game = pressed(new_game(MAZE, FIRST_TEST - 1), ["up", "r"])
    assert same(game.now.state, engine.reset(MAZE, [FIRST_TEST - 1]))
    assert press(game, "n").now.level == 0  # the last training level is not followed by a test level
    assert press(new_game(MAZE, FIRST_TEST), "n").now.level == FIRST_TEST + 1


def test_a_level_that_is_over_waits():
    game = new_game(registry.world("cheese", limit=1), 5)
    over = press(game, "up")
    assert over.now.ended == "truncated"
    again = press(over, "up")
    assert "n for the next" in again.note
    assert again.now.step == 1
    assert press(over, "u").now.step == 0


def test_keys_that_mean_nothing_here_do_nothing():
    game = new_game(MAZE, 5)
    for key in (" ", ".", "9", "0", "x", "+", "é"):
        assert press(game, key).now is game.now
    assert press(game, "?").help
    assert not pressed(game, ["?", "up"]).help
    assert pressed(game, ["?", "up"]).now.step == 0
    assert press(game, "q").over


def test_space_stays_where_a_world_lets_one():
    spec = MAZE.spec
    world = World(replace(spec, actions=("up", "down", "left", "right", "stay")), MAZE.dials)
    assert press(new_game(world, 5), " ").now.action == 4


def test_watching():
    game = new_game(MAZE, 5, player=by_policy(MAZE, "intended", seed=0))
    assert game.running
    assert press(game, "up").now.step == 0  # who watches does not play
    stepped = press(game, ".")
    assert stepped.now.step == 1
    assert stepped.paused
    assert not press(game, " ").running
    assert SPEEDS[press(game, "+").speed] > SPEEDS[game.speed] > SPEEDS[press(game, "-").speed]
    assert pressed(game, "-" * 20).speed == 0
    while game.running:
        game = tick(game)
    assert game.now.ended == "terminated"
    assert game.now.total == 1
    assert tick(game) is game


def test_a_player_is_asked_once_a_moment():
    asked = []

    def player(state):
        asked.append(int(state.clock[0]))
        return Choice(0)

    game = new_game(MAZE, 5, player=player)
    tick(tick(press(game, "?")))
    assert asked == [0, 1, 2]
