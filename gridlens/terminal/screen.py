"""The whole screen of a game as lines: title, grid, what happened, what the player thinks, keys."""

from collections.abc import Iterator

from envs.editing.letters import letters
from envs.editing.values import dials_set
from envs.pictures.moments import Moment
from envs.spec import World
from gridlens.terminal.colours import Colour, Depth, painted
from gridlens.terminal.game import SPEEDS, STAY, Choice, Game
from gridlens.terminal.grid import grid, shown_planes

PALE: Colour = (140, 146, 158)
LOUD: Colour = (255, 214, 92)
ROLES: dict[str, Colour] = {"intended": (120, 208, 255), "proxy": (255, 176, 80)}
BAR = 8
"""Characters of a probability of 1."""


def screen(
    game: Game, *, columns: int, rows: int, depth: Depth, view: str | None = None, unicode: bool = True
) -> list[str]:
    """Lines, at most ``rows``; none is wider than ``columns`` on the terminal.

    >>> from envs.registry import world
    >>> from gridlens.terminal.game import new_game
    >>> lines = screen(new_game(world("cheese", size=7), 7), columns=80, rows=24, depth="none")
    >>> lines[0]
    'cheese  level 7  size=7'
    """
    head = [_cut(title(game), columns)]
    if game.help:
        return [*head, "", *(_cut(line, columns) for line in instructions(game))][:rows]
    below = list(_status(game, columns, depth, unicode))
    room = rows - len(head) - len(below)
    drawn = grid(
        game.world, game.now.state, columns=columns, rows=room, depth=depth, view=view, pictures=game.pictures
    )
    if drawn is None or min(columns, rows) < 10:
        return [
            _cut(line, columns) for line in _too_small(game, view, len(head) + len(below), columns, rows)
        ][:rows]
    return [*head, *drawn, *below]


def title(game: Game) -> str:
    """World, level, and the dials that are not as usual."""
    dials = (
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in dials_set(game.world).items()
    )
    return "  ".join([game.world.name, f"level {game.now.level}", *dials])


def told(world: World, moment: Moment) -> str:
    """A moment as a sentence without colour: step, action, reward, hidden performance, events, what is held.

    >>> from envs.pictures.moments import begin
    >>> from envs.registry import world
    >>> told(world("cheese"), begin(world("cheese"), 7))
    'step 0 of 100: start, reward 0 (so far 0), hidden performance 0'
    """
    done = "start" if moment.action is None else world.actions[moment.action]
    parts = [f"{_step(world, moment)}: {done}", _earned(moment), f"hidden performance {moment.performance:g}"]
    happened = ", ".join(text for text, _ in _events(world, moment))
    parts += [f"happened: {happened}"] * bool(happened) + [_held(world, moment)] * bool(world.gauges)
    return ", ".join(parts + [moment.ended] * bool(moment.ended))


def _status(game: Game, columns: int, depth: Depth, unicode: bool) -> Iterator[str]:
    world, now = game.world, game.now
    done = "" if now.action is None else f"  {world.actions[now.action]}"
    yield _cut(f"{_step(world, now)}{done}  {_earned(now)}  hidden performance {now.performance:g}", columns)
    yield _line([("happened:", None), *(_events(world, now) or [("nothing", PALE)])], columns, depth)
    if world.gauges:
        yield _cut(_held(world, now), columns)
    if game.player:
        yield from _thoughts(world, game.choice, columns, depth, unicode)
    yield _line([(_legend(game), PALE)], columns, depth)
    ended = (
        f"{now.ended} after {now.step} steps: n for the next level, r for this one again" if now.ended else ""
    )
    yield _line([(game.note or ended, LOUD)], columns, depth)
    yield _line([(_keys(game), PALE)], columns, depth)


def _step(world: World, moment: Moment) -> str:
    return f"step {moment.step}" + (f" of {world.limit}" if world.limit else "")


def _earned(moment: Moment) -> str:
    return f"reward {moment.reward:g} (so far {moment.total:g})"


def _events(world: World, moment: Moment) -> list[tuple[str, Colour | None]]:
    """What happened in the last step, marked as the intended goal's or the proxy's."""
    found: list[tuple[str, Colour | None]] = []
    for event in world.spec.events:
        times = moment.events.get(event.name, 0)
        if times:
            mark = f" ({event.role})" if event.role in ROLES else ""
            found.append((event.name + (f" x{times}" if times > 1 else "") + mark, ROLES.get(event.role)))
    return found


def _held(world: World, moment: Moment) -> str:
    amounts = (
        f"{gauge.counter} {moment.state.counters[0, k]}"
        for gauge, k in zip(world.spec.gauges, world.gauges, strict=True)
    )
    return "held: " + ", ".join(amounts)


def _thoughts(
    world: World, choice: Choice | None, columns: int, depth: Depth, unicode: bool
) -> Iterator[str]:
    """How likely each action is, as bars, and what the agent expects."""
    if choice is None or choice.probabilities is None:
        yield _cut("next: " + (world.actions[choice.action] if choice else "nothing"), columns)
        return
    full, half = ("█", "▌") if unicode else ("=", "-")
    parts: list[tuple[str, Colour | None]] = []
    for action, (name, likely) in enumerate(zip(world.actions, choice.probabilities, strict=True)):
        halves = round(2 * BAR * likely)
        bar = (full * (halves // 2) + half * (halves % 2)).ljust(BAR)
        parts.append((f"{name} {bar}{likely:4.0%}", LOUD if action == choice.action else None))
    if choice.value is not None:
        parts.append((f"value {choice.value:.2f}", None))
    yield _line(parts, columns, depth)


def _legend(game: Game) -> str:
    signs = letters(game.world)
    return "  ".join(f"{signs[c]} {game.world.channels[c]}" for c in range(game.world.seen.stop))


def _keys(game: Game) -> str:
    if game.player:
        pace = "paused" if game.paused else f"{SPEEDS[game.speed]:g} steps/s"
        return f"{pace}  + -  space pause  . step  u back  r again  n next  ? help  q quit"
    stays = any(name in STAY for name in game.world.actions)
    return f"arrows move  {'space stay  ' * stays}u undo  r restart  n next level  ? help  q quit"


def instructions(game: Game) -> list[str]:
    """The keys and the rules, line by line."""
    world = game.world
    events = [
        f"  {event.name:14} reward {event.reward:g}, hidden performance {event.performance:g}, {event.role}"
        for event in world.spec.events
    ]
    numbers = ", ".join(f"{k} {name}" for k, name in enumerate(world.actions, 1))
    return [
        world.spec.summary,
        *events,
        "arrows, wasd or hjkl: move; space or . stay, where one can; or by number:",
        f"  {numbers}",
        "u a step back, r this level again, n the next level, v pictures or letters",
        "watching: space pauses, . or right one step, + and - speed",
        "any key goes on",
    ]


def _line(parts: list[tuple[str, Colour | None]], columns: int, depth: Depth) -> str:
    """Texts in their colours, two spaces apart, cut where the window ends."""
    line, room = [], columns
    for text, colour in parts:
        if room <= 0:
            break
        line.append(painted(text[:room], ink=colour, depth=depth))
        room -= len(text) + 2
    return "  ".join(line)


def _cut(text: str, columns: int) -> str:
    return text[:columns]


def _too_small(game: Game, view: str | None, lines: int, columns: int, rows: int) -> list[str]:
    _, _, h, w = shown_planes(game.world, game.now.state, view).shape
    return [
        f"Window too small: {columns} x {rows};",
        f"{max(w, 10)} x {max(h + lines, 10)} are needed.",
        "Make it larger; q quits.",
    ]
