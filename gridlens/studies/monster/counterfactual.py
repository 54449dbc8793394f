"""The same state edited: how far the next move, and the lean to the apple, change with monsters gone and the like."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool

from envs.editing.edits import set_counter
from envs.state import State
from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import KINDS, NAMES, Agent, over_seeds
from gridlens.studies.monster.choice import MONSTERS, SEED, THINGS, the_world
from reports.sections import Cell, Table
from rl.choices import Crossroads, answers, crossroads, farther, fewer, leaning, steps_to

STATES, NEAR = 1500, 3
NEARBY, AWAY = "all monsters gone, one was within 3 steps", "all monsters gone, none was near"
ARMED, UNARMED = "five shields put in hand, five monsters", "five shields put in hand, no monster"
APPLE, SHIELD = "the nearest apple far away", "the nearest shield far away"
EDITS = (NEARBY, AWAY, ARMED, UNARMED, APPLE, SHIELD)


def measure(agent: Agent) -> Sequence[Row]:
    """For each edit: by how much the next move changes (total variation), and how the lean to the apple does."""
    choice, near = _choice()
    none = fewer(the_world(), choice.state, "monster", 0, seed=SEED)
    every = np.ones(len(near), bool)
    pairs: dict[str, tuple[State, State, Bool[np.ndarray, "n"]]] = {
        NEARBY: (choice.state, none, near),
        AWAY: (choice.state, none, ~near),
        ARMED: (choice.state, _armed(choice.state), every),
        UNARMED: (none, _armed(none), every),
        APPLE: (none, farther(the_world(), replace(choice, state=none), 0, seed=SEED), every),
        SHIELD: (none, farther(the_world(), replace(choice, state=none), 1, seed=SEED), every),
    }
    return [_changed(agent, choice, what, *pair) for what, pair in pairs.items()]


def _changed(
    agent: Agent, choice: Crossroads, what: str, before: State, after: State, rows: Bool[np.ndarray, "n"]
) -> Row:
    one, other = (answers(agent.subject, the_world(), state, agent.view)[0] for state in (before, after))
    lean, then = (leaning(policy, choice.towards)[0] for policy in (one, other))
    moved = (one - other).abs().sum(1) / 2
    return {
        "edit": what,
        "states": int(rows.sum()),
        "next move": float(moved[rows].mean()),
        "lean": float((then - lean)[rows].mean()),
    }


@lru_cache(maxsize=1)
def _choice() -> tuple[Crossroads, Bool[np.ndarray, "n"]]:
    """Five monsters, anywhere; an apple and a shield equally far; and whether a monster is near."""
    choice = crossroads(the_world(), STATES, THINGS, seed=SEED + 2)
    far = steps_to(the_world(), choice.state, "monster")[
        np.arange(len(choice.state.clock)), *choice.state.agent.T
    ]
    return choice, far <= NEAR


def _armed(state: State) -> State:
    return set_counter(the_world(), state, "shields", MONSTERS)


def table(rows: Sequence[Row]) -> Table:
    """Every edit, both kinds of agents."""
    body: list[tuple[Cell, ...]] = [
        (
            what,
            NAMES[kind],
            over_seeds(rows, "next move", edit=what, kind=kind),
            over_seeds(rows, "lean", edit=what, kind=kind),
        )
        for what in EDITS
        for kind in KINDS
    ]
    header = ("edit of the state", "agents", "next move changes by", "lean to the apple, more by")
    caption = (
        "The same held-out states, an apple and a shield equally far, before and after an edit; over seeds"
    )
    return Table(header, body, caption=caption)
