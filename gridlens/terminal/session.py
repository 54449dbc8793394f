"""A game on a terminal, from the first key to the last."""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TextIO

from gridlens.terminal.colours import Depth, depth
from gridlens.terminal.game import SPEEDS, Game, press, tick
from gridlens.terminal.keys import Read, terminal
from gridlens.terminal.screen import screen

LOOK_AGAIN = 0.25
"""Seconds after which the size of the window is looked at again."""


def is_terminal(stdin: TextIO, stdout: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether somebody can press keys and see what they do."""
    return stdin.isatty() and stdout.isatty() and environment.get("TERM") != "dumb"


def session(
    game: Game, *, stdin: TextIO, stdout: TextIO, environment: Mapping[str, str], view: str | None = None
) -> Game:
    """Play until q or Ctrl-C; the game as it was left. The terminal is as before, whatever happens."""
    colours = depth(environment)
    unicode = (stdout.encoding or "").lower().replace("-", "") == "utf8"
    with terminal(stdin, stdout) as read:
        drawn, due = "", time.monotonic()
        while not game.over:
            drawn = _draw(game, stdout, drawn, colours, view, unicode)
            game, due = _go_on(game, read, due)
    return game


def _go_on(game: Game, read: Read, due: float) -> tuple[Game, float]:
    """The game after the keys of the next moment, or after the player's step once that is due."""
    if not game.running:
        due = time.monotonic() + 1 / SPEEDS[game.speed]
    for key in read(min(LOOK_AGAIN, max(0.0, due - time.monotonic()))):
        game = press(game, key)
    if game.running and time.monotonic() >= due:
        return tick(game), time.monotonic() + 1 / SPEEDS[game.speed]
    return game, due


def _draw(game: Game, stdout: TextIO, drawn: str, colours: Depth, view: str | None, unicode: bool) -> str:
    """Write the screen where it differs from what stands there already."""
    columns, rows = os.get_terminal_size(stdout.fileno())
    shown = game if unicode else replace(game, pictures=False)
    lines = screen(shown, columns=columns, rows=rows, depth=colours, view=view, unicode=unicode)
    text = "\x1b[H" + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J"
    if text != drawn:
        stdout.write(text)
        stdout.flush()
    return text
