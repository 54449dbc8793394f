"""An apple and a shield equally far: which is approached, by monsters left, by shields held, by distance."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from core.uncertainty import Interval
from envs.editing.edits import set_counter
from envs.registry import world as make_world
from envs.spec import World
from envs.state import State
from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import KINDS, Agent, curves, over_seeds, values
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.choices import Crossroads, answers, crossroads, fewer, leaning
from rl.reproductions.plots import Lines, Picture
from rl.reproductions.seeds import mean_over

LEVELS, SEED = 1500, 3
THINGS = ("apple", "shield")
SHUNNED = ("monster", 4)
"""Monsters are so far away at least that none has to be dodged at once."""
MONSTERS, HELD, GAPS = 5, 10, 3
SCALE = 0.1
"""What rewards were multiplied by in training: critics speak of tenths of apples."""


def measure(agent: Agent) -> Sequence[Row]:
    """How likely the next move leads to the apple, of moves that lead to either, and what the critic expects."""
    asked = [(left, 0, 0) for left in range(MONSTERS + 1)]
    asked += [(left, held, 0) for left in (0, MONSTERS) for held in range(1, HELD + 1)]
    asked += [(left, 0, gap) for left in (0, MONSTERS) for gap in range(-GAPS, GAPS + 1) if gap]
    rows = []
    for left, held, gap in asked:
        choice, state = roads("test", gap), place(left, held, gap)
        policy, said = answers(agent.subject, the_world(), state, agent.view)
        apple, either = leaning(policy, choice.towards)
        rows.append(
            {
                "left": left,
                "held": held,
                "gap": gap,
                "apple": float(apple.mean()),
                "either": float(either.mean()),
                "value": float(said["value"].mean()) / SCALE,
                "states": len(apple),
            }
        )
    return rows


def the_world() -> World:
    """Monster as published, in levels that are long enough for anything."""
    return make_world("monster", limit=10_000)


@lru_cache(maxsize=64)
def roads(split: str, gap: int, levels: int = LEVELS) -> Crossroads:
    """States with five monsters at which the ways to the nearest apple and shield part, the same for all agents."""
    return crossroads(the_world(), levels, THINGS, seed=SEED, split=split, gap=gap, shun=SHUNNED)


@lru_cache(maxsize=64)
def place(left: int, held: int, gap: int = 0, split: str = "test", levels: int = LEVELS) -> State:
    """The same states with some monsters taken away and some shields given."""
    state = fewer(the_world(), roads(split, gap, levels).state, "monster", left, seed=SEED)
    return set_counter(the_world(), state, "shields", held)


def section(rows: Sequence[Row]) -> Section:
    """Leanings by what the state holds."""
    states = min(int(row["states"]) for row in rows)
    return Section(
        "What the preference depends on",
        f"The agent is put into held-out levels where its nearest apple and its nearest shield are equally far (2 to 5 "
        f"steps) and no move leads nearer to both; monsters are 4 steps away at least. The same {states} states or "
        "more are shown with fewer monsters, with more shields in hand, or with the apple farther or nearer than the "
        "shield. Told is how likely its next move leads to the apple, of all moves that lead to either. No view has a "
        "clock, so that nothing here can depend on the step of the level but by what the state looks like.",
        [_curves(rows)],
        [_table(rows)],
    )


def _curves(rows: Sequence[Row]) -> Figure:
    panels = [
        _panel(rows, "By monsters left", "monsters left", "left", held=0, gap=0),
        _panel(rows, "By shields held", "shields held", "held", left=0, gap=0),
        _panel(rows, "By distance", "steps by which the apple is farther", "gap", left=0, held=0),
    ]
    caption = (
        "How likely the next move leads to the apple rather than to the shield, a line an agent: with no shield held; "
        "with no monster left; with neither."
    )
    return replace(drawing(Picture(caption, panels), title="Apple or shield"), rows=rows)


def _panel(rows: Sequence[Row], title: str, axis: str, by: str, **where: Any) -> Lines:
    return Lines(title, axis, "towards the apple", curves(rows, by, "apple", **where), share=True)


def _table(rows: Sequence[Row]) -> Table:
    cases = ((5, 0, 0), (1, 0, 0), (0, 0, 0), (0, 5, 0), (0, 10, 0), (0, 0, 3), (0, 0, -3))
    body: list[tuple[Cell, ...]] = [
        (
            left,
            held,
            gap,
            *(
                over_seeds(rows, "apple", share=True, kind=kind, left=left, held=held, gap=gap)
                for kind in KINDS
            ),
        )
        for left, held, gap in cases
    ]
    body.append(("5 → 0", 0, 0, *(gained(rows, kind) for kind in KINDS)))
    header = ("monsters left", "shields held", "apple farther by", *KINDS.values())
    caption = "Towards the apple, mean over agents; the last line is what is gained when all monsters are taken away"
    return Table(header, body, caption=caption)


def gained(rows: Sequence[Row], kind: int) -> Interval:
    """How much more the apple is approached when all five monsters are taken away; over seeds."""
    with_none, with_all = (
        values(rows, "apple", kind=kind, left=left, held=0, gap=0) for left in (0, MONSTERS)
    )
    return mean_over(np.asarray(with_none) - np.asarray(with_all))
