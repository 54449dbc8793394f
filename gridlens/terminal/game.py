"""A game as a value: a key makes a new one of it, and nothing here knows a terminal."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from envs import engine
from envs.pictures.moments import Moment, after, begin
from envs.spec import World
from envs.state import State

DIRECTIONS = {
    **dict.fromkeys(("up", "w", "k"), "up"),
    **dict.fromkeys(("down", "s", "j"), "down"),
    **dict.fromkeys(("left", "a", "h"), "left"),
    **dict.fromkeys(("right", "d", "l"), "right"),
}
"""Key to the name of the action that it plays."""

STAY = ("stay", "wait", "noop", "nothing")
"""Names under which worlds have an action that does nothing."""

REMEMBERED = 10_000
"""Moments that can be undone."""

SPEEDS = (0.5, 1, 2, 4, 8, 15, 30, 60)
"""Steps a second at which one may watch."""


@dataclass(frozen=True)
class Choice:
    """What a player is about to do; an agent also says how likely each action was (a,), and what it expects."""

    action: int
    probabilities: tuple[float, ...] | None = None
    value: float | None = None


Player = Callable[[State], Choice]
"""Who plays while one watches: a state of one instance to a choice."""


@dataclass(frozen=True, eq=False)
class Game:
    """A level being played by hand, or watched where there is a ``player``.

    ``past`` are the moments that can be undone; ``speed`` indexes ``SPEEDS``; ``note`` is said to the player.
    """

    world: World
    now: Moment
    past: tuple[Moment, ...] = field(default=(), repr=False)
    player: Player | None = None
    choice: Choice | None = None
    paused: bool = False
    speed: int = 3
    note: str = ""
    help: bool = False
    pictures: bool = True
    over: bool = False

    @property
    def running(self) -> bool:
        """Whether the player goes on by itself."""
        return self.player is not None and not (self.paused or self.help or self.now.ended)


def new_game(world: World, level: int, *, player: Player | None = None) -> Game:
    """The start of a level; raises BadInput where there is none."""
    return _stand(Game(world, begin(world, level), player=player))


def press(game: Game, key: str) -> Game:
    """The game after a key, as ``gridlens.terminal.keys`` names them; unknown keys do nothing.

    >>> from envs.registry import world
    >>> game = press(new_game(world("cheese"), 0), "up")
    >>> game.now.action, game.now.step, press(game, "u").now.step
    (0, 1, 0)
    """
    game = replace(game, note="")
    if key == "q":
        return replace(game, over=True)
    if key == "?" or game.help:
        return replace(game, help=not game.help)
    if key in COMMON:
        return COMMON[key](game)
    return _watch(game, key) if game.player else _act(game, key)


def tick(game: Game) -> Game:
    """The game after the player's next step; the same where the level is over."""
    if game.choice is None or game.now.ended:
        return game
    return _play(game, game.choice.action)


def _act(game: Game, key: str) -> Game:
    """A key of somebody who plays."""
    action = _action(game.world, key)
    return game if action is None else _play(game, action)


def _action(world: World, key: str) -> int | None:
    """The action that a key stands for: by direction, by staying, or by number, from 1."""
    if key.isdecimal():
        return int(key) - 1 if 1 <= int(key) <= len(world.actions) else None
    names = STAY if key in (" ", ".") else (DIRECTIONS.get(key),)
    return next((k for k, name in enumerate(world.actions) if name in names), None)


def _watch(game: Game, key: str) -> Game:
    """A key of somebody who watches."""
    if key in ("+", "=", "-"):
        return replace(game, speed=min(max(game.speed + (-1 if key == "-" else 1), 0), len(SPEEDS) - 1))
    if key == " ":
        return replace(game, paused=not game.paused)
    if key in (".", "right"):
        return tick(replace(game, paused=True))
    return game


def _play(game: Game, action: int) -> Game:
    if game.now.ended:
        return replace(
            game, note="the level is over: n for the next, r for this one again, u for a step back"
        )
    return _stand(
        replace(
            game,
            now=after(game.world, game.now, action),
            past=(*game.past, game.now)[-REMEMBERED:],
        )
    )


def _stand(game: Game) -> Game:
    """The game in a new moment: who plays makes up its mind."""
    thinks = game.player is not None and not game.now.ended
    return replace(game, choice=game.player(game.now.state) if thinks and game.player else None)


def _undo(game: Game) -> Game:
    if not game.past:
        return replace(game, note="nothing to undo")
    return _stand(replace(game, now=game.past[-1], past=game.past[:-1], paused=True))


def _restart(game: Game) -> Game:
    return _begin(game, game.now.level)


def _next(game: Game) -> Game:
    """The level with the next seed of the same split."""
    level = game.now.level
    for first, count in engine.SPLITS.values():
        if first <= level < first + count:
            return _begin(game, first + (level + 1 - first) % count)
    return game


def _begin(game: Game, level: int) -> Game:
    return _stand(replace(game, now=begin(game.world, level), past=(), paused=False))


def _other_look(game: Game) -> Game:
    return replace(game, pictures=not game.pictures)


COMMON: dict[str, Callable[[Game], Game]] = {"u": _undo, "r": _restart, "n": _next, "v": _other_look}
"""Keys that do the same for who plays and who watches."""
