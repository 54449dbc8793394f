"""Who plays while one watches: a policy of the world, or an agent."""

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BadInput
from envs.editing.values import turned
from envs.pictures.moments import chooser
from envs.randomness import chance, streams
from envs.registry import world as make_world
from envs.spec import World
from envs.state import State
from gridlens.terminal.game import Choice, Player


def by_policy(world: World, name: str, *, seed: int) -> Player:
    """The world's policy of that name; raises UnknownName.

    >>> maze = make_world("cheese", size=5)
    >>> from envs.engine import reset
    >>> by_policy(maze, "intended", seed=0)(reset(maze, [0]))
    Choice(action=3, probabilities=None, value=None)
    """
    choose = chooser(world, name, seed=seed)
    return lambda state: Choice(int(choose(state)[0]))


def by_agent(agent: str | Path, world: World, *, seed: int, view: str | None = None) -> Player:
    """An agent's play in ``world``, its actions drawn by ``seed`` (``rl.acting.chances``); raises as ``opened``.

    ``view`` is what a zip sees (default: window); folders and organisms say it themselves. A memory is
    carried from step to step; a step back takes it back, and a level begins without any.
    """
    import torch

    from gridlens.opened import is_zip
    from rl.acting import action_head, ask, blank, chances, worth
    from rl.agents import check_fits, info, load, see
    from rl.foreign import open_zip

    view = (view or "window") if is_zip(agent) else info(agent).view
    subject = open_zip(agent, world, view=view).subject if is_zip(agent) else load(agent)
    check_fits(subject, world, view)
    words, head = streams(seed, 1), action_head(subject)
    before = {0: blank(subject, 1)}  # what it remembers at each step of the level

    def choose(state: State) -> Choice:
        now = int(state.clock[0])
        with torch.no_grad():
            said = ask(subject, see(world, state, view), before.get(now, before[0]))
        before[now + 1] = said.get("memory")
        likely = chances(said[head], head)[0].cpu().double().numpy()
        action = int(np.searchsorted(likely.cumsum() / likely.sum(), chance(words, 0), side="right"))
        return Choice(action, tuple(likely.tolist()), float(worth(said)[0]))

    return choose


def world_of_agent(agent: str | Path, name: str | None, dials: dict[str, Any]) -> World:
    """The world that an agent was trained in with some dials turned, or another one by name.

    Raises
    ------
    BadInput
        if the agent is a zip, which does not say its world, and none is named.
    """
    from gridlens.opened import is_zip
    from rl.agents import info

    if is_zip(agent):
        if name is None:
            raise BadInput(
                f"{str(agent)!r} does not say its world; name it, as in gridlens play cheese --agent ..."
            )
        return make_world(name, **dials)
    trained = info(agent).world
    if name not in (None, trained.name):
        return make_world(str(name), **dials)
    return turned(trained, dials)
