"""State by state: where agents choose alike and where they part, given the same states; and what each looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray

from core.attribution.methods import why_not
from core.faithfulness.case import case_of
from core.faithfulness.explaining import explain
from core.faithfulness.sanity import CHECKS, check
from core.progress import Progress
from core.subject import run
from core.targets import Output
from core.uncertainty import Interval, bootstrap_interval, proportion_interval
from envs.pictures.rendering import frame
from envs.pictures.seen import picture
from envs.spec import World
from envs.state import State, take
from gridlens.comparing.agents.entrants import Entrant
from gridlens.comparing.agents.playing import pairs_of
from reports.comparing.agents.states import Apart, Side
from rl.acting import action_head, chances
from rl.agents import see
from rl.concepts import met_states, sampled_states

METHODS = ("integrated-gradients", "grad-cam", "input-x-gradient", "occlusion")
"""Methods that are tried, until one passes both sanity checks in every agent."""
CHECKED = 4
"""States on which a method is checked."""
SHOWN, SHOWN_OF_MANY = 4, 2
"""States shown of the only pair, and of each of several."""
MOST_PAIRS = 3
"""Pairs of which states are shown: those that part most."""
LEAST = 0.01
"""Total variation below which two choices are as good as the same, and no state is shown."""


@dataclass(frozen=True, eq=False)
class Pool:
    """States that all agents are given: first the ``sampled``, one a level, then those met in play, by level."""

    world: World
    state: State = field(repr=False)
    sampled: int

    @property
    def size(self) -> int:
        return len(self.state.clock)


@dataclass(frozen=True, eq=False)
class Parting:
    """How two agents' choices part: the share of states in which another action is preferred, and the mean distance.

    ``distance`` (n,) is the total variation of the two agents' action probabilities in every state.
    """

    one: str
    other: str
    sampled: Interval
    met: Interval
    mean: Interval
    distance: Float[np.ndarray, "n"] = field(repr=False)


@dataclass(frozen=True)
class Method:
    """The attribution method of the page, and the agents in which it fails a sanity check, with why."""

    name: str
    failed: Mapping[str, str]


def pooled(found: Sequence[Entrant], world: World, *, count: int, seed: int, progress: Progress) -> Pool:
    """``count`` sampled states, and as many met in play, an equal part of them by each agent."""
    parts = [sampled_states(world, count, seed=seed)]
    each = -(-count // len(found))
    for entrant in found:
        met, _ = met_states(
            entrant.subject, world, each, view=entrant.about.view, seed=seed, progress=progress
        )
        parts.append(met)
    state = State(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    return Pool(world, state, count)


def choices(entrant: Entrant, pool: Pool) -> Float[np.ndarray, "n a"]:
    """How likely each action is in every state; an agent with a memory is asked as if it had just begun."""
    head = action_head(entrant.subject)
    with torch.no_grad():
        scores = run(entrant.subject, see(pool.world, pool.state, entrant.about.view))[head]
    found: NDArray = chances(scores, head).double().cpu().numpy()
    return found


def partings(given: Mapping[str, NDArray], pool: Pool, *, seed: int) -> list[Parting]:
    """Every pair, state by state; intervals redraw levels."""
    made = []
    for one, other in pairs_of(list(given)):
        differ = given[one].argmax(1) != given[other].argmax(1)
        distance = abs(given[one] - given[other]).sum(1) / 2
        first, levels = pool.sampled, pool.state.level
        made.append(
            Parting(
                one,
                other,
                proportion_interval(int(differ[:first].sum()), first),
                _share(differ[first:], levels[first:], seed=seed),
                bootstrap_interval(distance, groups=levels, seed=seed),
                distance,
            )
        )
    return made


def _share(differ: NDArray, levels: NDArray, *, seed: int) -> Interval:
    """A share of states in groups; where all agree the bootstrap has no width, and Wilson's of the levels stands."""
    if differ.all() or not differ.any():
        return proportion_interval(int(differ.any()) * len(set(levels)), len(set(levels)))
    return bootstrap_interval(differ.astype(float), groups=levels, seed=seed)


def shown_states(found: Sequence[Parting], pool: Pool) -> list[tuple[Parting, list[int]]]:
    """The pairs that part most with the numbers of the states in which they do, at most one of a level."""
    ordered = sorted(found, key=lambda one: -one.mean.estimate)[:MOST_PAIRS]
    count = SHOWN if len(found) == 1 else SHOWN_OF_MANY
    shown = []
    for one in ordered:
        rows: list[int] = []
        for row in np.argsort(-one.distance, kind="stable"):
            if len(rows) == count or one.distance[row] < LEAST:
                break
            if pool.state.level[row] not in {pool.state.level[kept] for kept in rows}:
                rows.append(int(row))
        if rows:
            shown.append((one, rows))
    return shown


def checked_method(
    found: Sequence[Entrant], pool: Pool, given: Mapping[str, NDArray], *, seed: int, progress: Progress
) -> Method:
    """The first method that passes both sanity checks in all agents, or else the one that fails in fewest."""
    failures: dict[str, dict[str, str]] = {}
    for number, method in enumerate(METHODS):
        if any(why_not(one.subject, method) for one in found):
            continue
        progress(number, len(METHODS), f"sanity checks of {method}")
        failures[method] = {
            one.name: why for one in found if (why := _failure(one, pool, given[one.name], method, seed=seed))
        }
        if not failures[method]:
            break
    name = min(failures, key=lambda method: len(failures[method]))
    return Method(name, failures[name])


def _failure(entrant: Entrant, pool: Pool, likely: NDArray, method: str, *, seed: int) -> str:
    """Why the method fails in an agent; "" where it passes."""
    rows = list(range(CHECKED))
    inputs = see(pool.world, take(pool.state, rows), entrant.about.view)
    targets = [_chosen(entrant, likely, row) for row in rows]
    case = case_of(entrant.subject, inputs, targets, torch.zeros(len(rows), *inputs.shape[2:]), seed=seed)
    verdicts = (check(name, case, method, label=method) for name in CHECKS)
    return next((verdict.reason for verdict in verdicts if verdict.passes is False), "")


def _chosen(entrant: Entrant, likely: NDArray, row: int) -> Output:
    return Output(action_head(entrant.subject), int(likely[row].argmax()))


def apart(
    found: Mapping[str, Entrant],
    pool: Pool,
    given: Mapping[str, NDArray],
    pair: Parting,
    *,
    rows: Sequence[int],
    method: str,
) -> list[Apart]:
    """The states shown of one pair: the picture, both agents' choices, and what each choice hung on."""
    states = take(pool.state, list(rows))
    pictures = [frame(pool.world, states, index, cell=16) for index in range(len(rows))]
    sides = [
        _sides(found[name], pool.world, states, given[name], rows=rows, method=method)
        for name in (pair.one, pair.other)
    ]
    return [
        Apart(
            picture=pictures[index],
            actions=pool.world.actions,
            distance=float(pair.distance[row]),
            met=row >= pool.sampled,
            level=int(states.level[index]),
            sides=(sides[0][index], sides[1][index]),
        )
        for index, row in enumerate(rows)
    ]


def _sides(
    entrant: Entrant, world: World, states: State, likely: NDArray, *, rows: Sequence[int], method: str
) -> list[Side]:
    inputs = see(world, states, entrant.about.view)
    targets = [_chosen(entrant, likely, row) for row in rows]
    maps = explain(method, entrant.subject, inputs, targets).maps.float().cpu().numpy()
    return [
        Side(
            entrant.name,
            likely[row],
            picture(world, inputs[index].numpy(), entrant.about.view) / 255,
            maps[index],
        )
        for index, row in enumerate(rows)
    ]
