"""What stands on the screen, and that it fits."""

import re

import pytest

from envs import registry
from envs.pictures import rendering
from envs.pictures.moments import begin
from envs.registry import WORLDS
from gridlens.terminal.colours import depth, painted
from gridlens.terminal.game import Choice, new_game, press, tick
from gridlens.terminal.grid import colours, grid
from gridlens.terminal.players import by_policy
from gridlens.terminal.screen import screen

MAZE = registry.world("cheese", size=7, rand_region=63)


def plain(lines):
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


@pytest.mark.parametrize("name", list(WORLDS))
@pytest.mark.parametrize("depth", ["none", "256", "full"])
@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 60), (30, 12), (3, 2)])
def test_every_world_fits_or_says_that_it_does_not(name, depth, columns, rows):
    world = registry.world(name)
    likely = (0.5,) * len(world.actions)
    for game in (new_game(world, 3), new_game(world, 3, player=lambda state: Choice(0, likely, 1.0))):
        for shown in (game, press(game, "?")):
            lines = plain(screen(shown, columns=columns, rows=rows, depth=depth))
            assert len(lines) <= rows
            assert max(map(len, lines)) <= columns
    first = plain(screen(new_game(world, 3), columns=columns, rows=rows, depth=depth))[0]
    assert (
        first == "Win" if columns == 3 else first.startswith((f"{world.name}  level 3", "Window too small"))
    )
    assert columns < 80 or not first.startswith("Window")


def test_letters_are_those_of_the_text():
    state = begin(MAZE, 5).state
    lines = grid(MAZE, state, columns=80, rows=20, depth="none")
    assert [line.replace(" ", "") for line in lines] == rendering.text(MAZE, state).splitlines()


def test_pictures_where_there_is_room_two_pixels_a_character():
    state = begin(MAZE, 5).state
    assert plain(grid(MAZE, state, columns=84, rows=42, depth="full")) == ["▀" * 84] * 42
    assert "▀" not in "".join(grid(MAZE, state, columns=84, rows=42, depth="full", pictures=False))
    assert "▀" not in "".join(grid(MAZE, state, columns=84, rows=42, depth="none"))
    assert "▀" not in "".join(grid(MAZE, state, columns=80, rows=18, depth="full"))


def test_a_view_shows_what_an_agent_sees():
    state = begin(MAZE, 5).state
    whole = grid(MAZE, state, columns=80, rows=20, depth="none")
    window = grid(MAZE, state, columns=80, rows=20, depth="none", view="window:3")
    assert [line.split()[1] for line in window] == [line.split()[1] for line in whole][-3:]
    assert window[1].split()[1] == "@"
    assert grid(MAZE, state, columns=80, rows=20, depth="none", view="flipped-grid") == whole[::-1]
    assert grid(MAZE, state, columns=80, rows=20, depth="none", view="flipped-window:3") == window[::-1]


def test_what_happened_is_said_with_its_role():
    game = new_game(MAZE, 5)
    watched = new_game(MAZE, 5, player=by_policy(MAZE, "intended", seed=0))
    while not watched.now.ended:
        watched = tick(watched)
    text = "\n".join(screen(watched, columns=80, rows=24, depth="none"))
    assert "cheese (intended)" in text
    assert "reward 1 (so far 1)" in text
    assert "hidden performance 1" in text
    assert "terminated" in text
    assert "happened:  nothing" in "\n".join(screen(game, columns=80, rows=24, depth="none"))


def test_an_agents_thoughts_are_bars():
    game = new_game(MAZE, 5, player=lambda state: Choice(3, (0.5, 0.0, 0.0625, 0.4375), -0.25))
    line = next(line for line in screen(game, columns=120, rows=24, depth="none") if "value" in line)
    assert line == "up ████     50%  down           0%  left ▌         6%  right ███▌     44%  value -0.25"
    ascii_only = "".join(screen(game, columns=120, rows=24, depth="none", unicode=False))
    assert ascii_only.isascii()


def test_how_much_colour():
    assert depth({}) == depth({"TERM": "dumb"}) == depth({"TERM": "xterm", "NO_COLOR": "1"}) == "none"
    assert depth({"TERM": "xterm-256color", "NO_COLOR": ""}) == "256"
    assert depth({"TERM": "xterm", "COLORTERM": "truecolor"}) == depth({"WT_SESSION": "1"}) == "full"
    assert painted("x", ink=(128, 128, 128), depth="256") == "\x1b[38;5;244mx\x1b[0m"
    assert painted("x", paper=(0, 0, 255), depth="256") == "\x1b[48;5;21mx\x1b[0m"
    assert painted("x", paper=(0, 0, 255), depth="none") == "x"


@pytest.mark.parametrize("name", list(WORLDS))
def test_the_agent_is_told_from_floor_and_wall(name):
    floor, wall, agent = colours(registry.world(name))[:3]
    for other in (floor, wall):
        assert sum(abs(x - y) for x, y in zip(agent, other, strict=True)) > 60


def test_the_keys_fit_into_80_columns():
    for player in (None, lambda state: Choice(0)):
        lines = screen(new_game(MAZE, 5, player=player), columns=80, rows=24, depth="none")
        assert lines[-1].endswith("q quit")
        assert len(lines[-1]) <= 80
