"""What training showed: how often no monster was left, and what training made of shields and apples taken then."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from envs.spec import World
from envs.state import State
from envs.worlds.monster import HELD, MONSTER
from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import KINDS, NAMES, Agent, curves, over_seeds, values
from gridlens.studies.monster.choice import MONSTERS, SCALE
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.agents import load, snapshots
from rl.experience import Experience, experience
from rl.reproductions.plots import Lines, Picture
from rl.reproductions.seeds import mean_over
from rl.rollouts import level_seeds

STEPS = 150_000
"""Steps of training levels that are played by each agent as it was at the end."""
EARLY = 10_000
"""And by each of its snapshots."""
FEW = 20
"""Events below which a mean is not told."""


def measure(agent: Agent) -> Sequence[Row]:
    """By monsters left: the share of steps, shields in hand, and how well PPO would think of what was done."""
    found = _played(agent, STEPS)
    left, held, rows = found.notes["left"], found.notes["held"], []
    after = np.broadcast_to(np.arange(left.shape[1], 0, -1), left.shape)
    for number in range(MONSTERS + 1):
        there = left == number
        row: dict[str, float] = {"left": number, "steps": float(there.mean()), "held": _mean(held[there])}
        row |= {"levels": float(there.any(1).mean()), "after": _mean(after[there])}
        for number_held in range(MONSTERS + 1):
            as_many = held >= MONSTERS if number_held == MONSTERS else held == number_held
            row[f"held {number_held}"] = float((there & as_many).mean())
        for thing in ("apple", "shield"):
            taken = there & (found.of(thing) > 0)
            row |= {thing: _mean(found.advantages[taken]), f"{thing}s": int(taken.sum())}
        rows.append(row)
    return rows


def through_training(agent: Agent) -> Sequence[Row]:
    """The share of steps without a monster, at each snapshot."""
    rows = []
    for step in snapshots(agent.folder):
        then = replace(agent, subject=load(agent.folder, snapshot=step))
        found = _played(then, EARLY)
        rows.append({"step": step, "alone": float((found.notes["left"] == 0).mean())})
    return rows


def _played(agent: Agent, steps: int) -> Experience:
    def left(world: World, state: State) -> np.ndarray:
        return state.planes[:, MONSTER].sum((1, 2))

    def held(world: World, state: State) -> np.ndarray:
        return state.counters[:, HELD]

    levels = level_seeds(max(1, steps // agent.kind), split="train", seed=0)
    notes = {"left": left, "held": held}
    return experience(agent.subject, agent.world, levels, notes, view=agent.view, reward_scale=SCALE)


def _mean(found: np.ndarray) -> float:
    return float(found.mean()) if len(found) >= FEW else float("nan")


def section(rows: Sequence[Row], early: Sequence[Row], truth: Sequence[Row]) -> Section:
    """How often, and what came of it."""
    return Section(
        "What training showed",
        f"{STEPS:,} steps of training levels, played by each agent as it was at the end. An advantage is how much "
        "better a step turned out than the critic had expected, in apples (generalised advantage estimation, as PPO "
        "was trained here): the policy learns to do again what has a higher one than what else it did there.",
        [_course(early)],
        [_table(rows), _average(rows, truth)],
    )


def _course(early: Sequence[Row]) -> Figure:
    lines = curves(early, "step", "alone")
    panel = Lines("No monster left", "steps of training", "share of steps", lines, share=True)
    drawn = drawing(
        Picture("By what each agent did at its snapshots.", [panel]), title="How often no monster was left"
    )
    return replace(drawn, rows=early)


def _table(rows: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = [
        (
            NAMES[kind],
            left,
            *(over_seeds(rows, name, kind=kind, left=left) for name in ("steps", "after", "apple", "shield")),
        )
        for kind in KINDS
        for left in range(MONSTERS, -1, -1)
    ]
    header = (
        "agents",
        "monsters left",
        "share of steps",
        "steps left then",
        "advantage of apples",
        "of shields",
    )
    return Table(header, body, caption="In training levels, mean over agents with 95 % intervals over seeds")


def _average(rows: Sequence[Row], truth: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = [
        (name, mean_over(right(rows, truth, kind))) for kind, name in KINDS.items()
    ]
    header = ("levels of", "apple first is better by")
    caption = (
        "What is right on average over all steps of training levels, by monsters left and shields held alone: how much "
        "better, in apples, it is to take an apple first than a shield equally far, for careful play after that"
    )
    return Table(header, body, caption=caption)


def right(rows: Sequence[Row], truth: Sequence[Row], kind: int) -> NDArray:
    """By how much an apple first is better than a shield, averaged over the states of training, agent by agent."""
    known = {(row["left"], row["held"]): float(row["apple first"]) for row in truth}
    each = []
    for seed in sorted({row["seed"] for row in rows}):
        of = [row for row in rows if (row["kind"], row["seed"]) == (kind, seed)]
        each.append(
            sum(row[f"held {held}"] * known[row["left"], held] for row in of for held in range(MONSTERS + 1))
        )
    return np.array(each)


def met(early: Sequence[Row], kind: int) -> float:
    """The share of all steps of training without a monster, over the snapshots, mean over agents."""
    shares = []
    for seed in sorted({row["seed"] for row in early}):
        steps, alone = (values(early, name, kind=kind, seed=seed) for name in ("step", "alone"))
        shares.append(np.trapezoid(alone, steps) / steps[-1])
    return float(np.mean(shares))
