"""``gridlens play``: a world in the terminal, by hand or to watch."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridlens.assignments import assignments
from gridlens.options import Dials, Seed

if TYPE_CHECKING:
    from envs.pictures.moments import Moment
    from envs.spec import World
    from gridlens.terminal.game import Player

Name = Annotated[
    str | None,
    typer.Argument(help="A world, or a file (.py) that holds one; default: the agent's, or cheese."),
]
Agent = Annotated[
    Path | None, typer.Option(help="Watch this agent: a folder, an organism, or a zip of stable-baselines3.")
]
PolicyName = Annotated[
    str | None, typer.Option(help="Watch a policy of the world: intended, proxy, greedy or random.")
]
Level = Annotated[int | None, typer.Option(help="Level seed; default: held-out level number SEED.")]
View = Annotated[
    str | None, typer.Option(help="Show only what an agent with this view sees, such as window or window:5.")
]
Steps = Annotated[
    int | None,
    typer.Option(help="Stop after so many, where nobody presses keys; default: the world's limit.", min=1),
]
Film = Annotated[
    Path | None,
    typer.Option(
        help="Write the level as a film (.gif or .mp4): the agent's, the policy's, or yours when you quit."
    ),
]


def play(
    world: Name = None,
    agent: Agent = None,
    policy: PolicyName = None,
    level: Level = None,
    dial: Dials = None,
    view: View = None,
    seed: Seed = 0,
    steps: Steps = None,
    film: Film = None,
) -> None:
    """Play a world with the arrow keys, or watch an agent or a policy play it.

    Reward, hidden performance and events are shown as they come; ? lists the keys. Where the output is no terminal,
    the agent or the policy plays one level, and every step is a text.
    """
    from core.errors import BadInput
    from envs.observations import parse_view
    from envs.pictures.films import check_path, write_film
    from envs.pictures.moments import held_out
    from envs.registry import world as make_world
    from gridlens.terminal.game import new_game
    from gridlens.terminal.players import world_of_agent
    from gridlens.terminal.session import is_terminal, session

    if film:
        check_path(film)
    if agent and policy:
        raise BadInput("--agent and --policy exclude each other: one of them plays")
    dials = assignments(dial or [], option="--dial")
    chosen = world_of_agent(agent, world, dials) if agent else make_world(world or "cheese", **dials)
    if view:
        parse_view(chosen, view)
    level = held_out(seed) if level is None else level
    player = _player(chosen, agent, policy, seed, view)
    terminal = is_terminal(sys.stdin, sys.stdout, os.environ)
    if terminal and not (player and film):
        game = new_game(chosen, level, player=player)
        left = session(game, stdin=sys.stdin, stdout=sys.stdout, environment=os.environ, view=view)
        played = [*left.past, left.now]
    elif player is None:
        raise BadInput(
            "playing by hand needs a terminal, and this is none; name an --agent or a --policy to watch"
        )
    else:
        played = list(_told(chosen, player, level, steps, silent=terminal))
    if film:
        print(write_film(chosen, played, film))


def _player(
    world: "World", agent: Path | None, policy: str | None, seed: int, view: str | None
) -> "Player | None":
    from gridlens.terminal.players import by_agent, by_policy

    if agent:
        return by_agent(agent, world, seed=seed, view=view)
    return by_policy(world, policy, seed=seed) if policy else None


def _told(
    world: "World", player: "Player", level: int, steps: int | None, *, silent: bool
) -> "Iterator[Moment]":
    """The moments of a level, printed one by one as they are played."""
    import numpy as np

    from envs.pictures.moments import moments
    from envs.pictures.rendering import text
    from gridlens.terminal.screen import told

    for one in moments(world, lambda state: np.array([player(state).action]), level=level, steps=steps):
        if not silent:
            print(told(world, one), text(world, one.state), sep="\n", end="\n\n")
        yield one
