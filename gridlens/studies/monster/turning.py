"""One small edit that turns the preference: searched on training levels, played on held-out ones, beside chance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.stats import ttest_1samp
from torch import Tensor

from core.interventions import edited, intervened
from core.multiplicity import holm
from core.subject import Subject, run
from core.uncertainty import bootstrap_interval, ratio_interval
from envs.editing.edits import set_counter
from envs.registry import world as make_world
from envs.state import State, take
from envs.worlds.monster import MONSTER
from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import SHORT, Agent
from gridlens.studies.monster.choice import MONSTERS, SEED, place, roads, the_world
from gridlens.studies.monster.edits import FACTORS, Edit, Known, edits
from gridlens.studies.monster.wiring import scaled
from rl.agents import see
from rl.choices import Crossroads, leaning
from rl.concepts.sampling import met_states
from rl.reproductions.monster import STEPS
from rl.rollouts import level_seeds, play

LEVELS = 500
"""Training levels that edits are chosen and judged on, half and half."""
MET = 300
"""States with monsters, met in 25-step play, in which an edit should change nothing."""
CHANGED, EITHER = 0.1, 0.9
"""What an edit may change of the policy there to count as keeping it; how likely it must still go to one thing."""
EVEN, LOST = 0.5, 0.5
"""Turned: more apples than shields without monsters. Kept: no more than so much performance lost in 25-step levels."""
PLAYED, DRAWN = 500, 3
CHOICES = ("keeping", "whatever it costs")


@dataclass(frozen=True, eq=False)
class Bench:
    """What edits of an agent are judged by: choices without monsters, and states met with monsters."""

    known: Known
    met: Float[Tensor, "m c h w"]
    before: Float[Tensor, "m a"]


def searched(agent: Agent) -> Sequence[Row]:
    """Every edit: how it leans without monsters and what it changes with them, in both halves of the levels."""
    halves = [bench(agent, half) for half in (0, 1)]
    usual = [lean(agent.subject, half) for half in halves]
    rows: list[dict[str, Any]] = []
    for edit in edits(agent.subject, halves[0].known):
        row: dict[str, Any] = {"family": edit.family, "edit": edit.name}
        for name, half, was in zip(("chosen", "judged"), halves, usual, strict=True):
            with intervened(edit.subject, *edit.interventions) as subject:
                apple, either = lean(subject, half)
                row |= {f"apple {name}": float(apple.mean()), f"either {name}": float(either.mean())}
                row[f"changed {name}"] = changed(subject, half)
            row[f"gain {name}"] = float((apple - was[0]).mean())
        row["p"] = float(ttest_1samp((apple - was[0]).numpy(), 0, alternative="greater").pvalue)
        rows.append(row)
    for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p"] = p
    return rows


def bench(agent: Agent, half: int) -> Bench:
    """One half of the training levels: choices without monsters, and states with monsters met in 25-step play."""
    choice, none, every = _choices(half)
    state = _met(agent.subject, half)
    seen = see(the_world(), state, agent.view)
    known = Known(see(the_world(), none, agent.view), see(the_world(), every, agent.view), choice)
    return Bench(known, seen, _policy(agent.subject, seen))


def lean(subject: Subject, half: Bench) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"]]:
    """How likely the next move leads to the apple, of those to either, and to either: without monsters."""
    return leaning(_policy(subject, half.known.none), half.known.choice.towards)


def changed(subject: Subject, half: Bench) -> float:
    """What of the policy is another where there are monsters: total variation, 0 to 1."""
    return float((_policy(subject, half.met) - half.before).abs().sum(1).mean() / 2)


def chosen(rows: Sequence[Row], how: str) -> Row:
    """The edit that leans to the apple most in the first half: of those that go for one thing, or keep all else too."""
    fit = [row for row in rows if row["either chosen"] >= EITHER]
    if how == "keeping":
        fit = [row for row in fit if row["changed chosen"] <= CHANGED]
    return max(fit, key=lambda row: float(row["apple chosen"]))


def played(agent: Agent, rows: Sequence[Row]) -> Sequence[Row]:
    """Held-out play: unedited, with either edit chosen, and with edits of that kind and size drawn by chance."""
    half = bench(agent, 0)
    by_name = {edit.name: edit for edit in edits(agent.subject, half.known)}
    usual = _play(agent.subject, agent)
    found = [_told("none", "none", usual, usual)]
    for how in CHOICES:
        edit = by_name[str(chosen(rows, how)["edit"])]
        found.append(_told(how, edit.name, _play(_made(edit), agent), usual))
        for seed in range(DRAWN):
            assert edit.drawn is not None, "every edit of the list has its like"
            drawn = edit.drawn(torch.Generator().manual_seed(seed))
            found.append(_told(f"{how}, drawn", drawn.name, _play(_made(drawn), agent), usual))
    return found


def doses(agent: Agent) -> Sequence[Row]:
    """Held-out play with the weights from apples, and from shields, multiplied by every factor."""
    usual, rows = _play(agent.subject, agent), []
    for channel in ("apple", "shield"):
        for factor in FACTORS[channel]:
            found = _play(scaled(agent.subject, channel, factor), agent)
            told = _told("dose", f"{channel} times {factor:g}", found, usual)
            rows.append({"channel": channel, "factor": factor} | dict(told))
    return rows


@dataclass(frozen=True, eq=False)
class Play:
    """Level by level: apples and all that was taken while a shield could be, apples of all 200 steps; performance."""

    apples: NDArray
    taken: NDArray
    all: NDArray
    performance: NDArray
    shields: NDArray


def _play(subject: Subject, agent: Agent) -> Play:
    """200 steps without monsters, and 25 with."""
    gone, short = make_world("monster", monsters=0, limit=STEPS), make_world("monster", limit=SHORT)
    levels = level_seeds(PLAYED, split="test", seed=SEED + 1)
    alone = play(subject, gone, levels, view=agent.view)
    apple, shield = (alone.of(name).astype(np.int64) for name in ("apple", "shield"))
    free = np.cumsum(shield, 1) - shield < gone.dials.cap
    among = play(subject, short, levels, view=agent.view)
    return Play(
        (apple * free).sum(1),
        ((apple + shield) * free).sum(1),
        apple.sum(1),
        among.returns,
        among.count("shield"),
    )


def _told(how: str, edit: str, found: Play, usual: Play) -> Row:
    share = ratio_interval(found.apples, np.maximum(found.taken, 1e-9), seed=0)
    lost = bootstrap_interval(usual.performance - found.performance, seed=0)
    return {
        "how": how,
        "edit": edit,
        "share": share.estimate,
        "share low": share.low,
        "apples": float(found.all.mean()),
        "performance": float(found.performance.mean()),
        "shields": float(found.shields.mean()),
        "lost": lost.estimate,
        "lost high": lost.high,
        "turned": share.low > EVEN,
        "kept": lost.high < LOST,
    }


def _made(edit: Edit) -> Subject:
    return edited(edit.subject, *edit.interventions)


def _policy(subject: Subject, seen: Float[Tensor, "n c h w"]) -> Float[Tensor, "n a"]:
    with torch.no_grad():
        return run(subject, seen)["policy"].softmax(1)


def _choices(half: int) -> tuple[Crossroads, State, State]:
    """Choices on training levels, every other one, with up to four shields in hand; without monsters and with all."""
    whole = roads("train", 0, LEVELS)
    rows = np.arange(half, len(whole.state.clock), 2)
    held = np.random.default_rng(SEED).integers(0, MONSTERS, len(whole.state.clock))[rows]
    choice = replace(
        whole, state=take(whole.state, rows), towards=whole.towards[:, rows], steps=whole.steps[:, rows]
    )
    none, every = (
        set_counter(the_world(), take(place(left, 0, 0, "train", LEVELS), rows), "shields", held)
        for left in (0, MONSTERS)
    )
    return choice, none, every


def _met(subject: Subject, half: int) -> State:
    """States of 25-step levels in which monsters are left, met by the agent's own play."""
    short = make_world("monster", limit=SHORT)
    state, _ = met_states(subject, short, MET, seed=SEED + 10 + half)
    return take(state, np.flatnonzero(state.planes[:, MONSTER].any((1, 2))))
