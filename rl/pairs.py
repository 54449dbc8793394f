"""Clean and corrupted states of one level, one thing edited, between which the agent's choice turns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import BadInput, UnknownName
from core.pairs import Pair
from core.progress import Progress, silent
from core.subject import Subject, run
from envs import engine
from envs.editing.edits import free_cells, move, remove
from envs.editing.laws import law_names
from envs.spec import World
from envs.state import State, take
from rl.acting import action_head
from rl.agents import check_fits, see
from rl.concepts import sampled_states

BATCH = 256
"""Levels that are drawn and edited at a time."""
TRIES = 4096
"""Levels that are drawn before a kind of edit is given up."""


@dataclass(frozen=True)
class Edit:
    """``make(world, state, rng)`` gives the edited instances and which of ``state``'s these are."""

    meaning: str
    make: Callable[[World, State, np.random.Generator], tuple[State, NDArray]]


def edits_of(world: World) -> Mapping[str, Edit]:
    """What can be done to one thing of a world, by name: each of its kinds moved to another free cell, or gone.

    Edits that no law admits are left out (``envs.editing.laws``).

    >>> from envs.registry import world
    >>> list(edits_of(world("monster")))
    ['monster moved', 'monster gone', 'shield moved', 'shield gone', 'apple moved', 'apple gone']
    """
    things = world.channels[2:]
    found = {f"{thing} moved": Edit(f"one {thing} on another free cell", _moved(thing)) for thing in things}
    found |= {f"{thing} gone": Edit(f"every {thing} taken away", _gone(thing)) for thing in things}
    ordered = {name: found[name] for thing in things for name in (f"{thing} moved", f"{thing} gone")}
    return {name: edit for name, edit in ordered.items() if _lawful(world, edit)}


def pairs(
    subject: Subject,
    world: World,
    *,
    view: str = "window",
    kinds: Sequence[str] = (),
    each: int = 8,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[Pair, ...]:
    """``each`` pairs of every kind of edit: a state with the agent anywhere, and the same with one thing changed.

    Only those between which the agent's best action turns; the unrelated input is a state of another level in which
    its best action is neither of the two. Without ``kinds`` all edits that turn it often enough.

    Raises
    ------
    UnknownName
        if the world has no such edit.
    BadInput
        if too few of ``TRIES`` levels turn the agent's choice: it does not look at that thing.

    >>> from envs.registry import world
    >>> from rl.agents import load
    >>> made = pairs(load("cheese-anywhere"), world("cheese", rand_region=63), kinds=["cheese moved"], each=2)
    >>> [(pair.plus != pair.minus, int(pair.changed.sum())) for pair in made]
    [(True, 2), (True, 2)]
    """
    check_fits(subject, world, view)
    known = edits_of(world)
    for name in kinds:
        if name not in known:
            raise UnknownName(f"edit of world {world.name!r}", name, known)
    found: list[Pair] = []
    for done, name in enumerate(chosen := list(kinds or known)):
        progress(done, len(chosen), f"looking for pairs · {name}")
        of_kind = list(islice(_drawn(subject, world, view, name, seed=seed), each))
        if len(of_kind) < each and kinds:
            raise BadInput(
                f"with {name}, {subject.name} chose another action in only {len(of_kind)} of {TRIES} states, and "
                f"{each} were asked for; ask for fewer pairs or for other edits"
            )
        found += of_kind if len(of_kind) == each else []
    if not found:
        raise BadInput(f"no edit of world {world.name!r} turns the choice of {subject.name} in {each} states")
    return tuple(found)


def _drawn(subject: Subject, world: World, view: str, name: str, *, seed: int) -> Iterator[Pair]:
    """The pairs of an edit, one by one, as states of ``TRIES`` levels are looked at."""
    head, rng, edit = action_head(subject), np.random.default_rng(seed), edits_of(world)[name]
    for start in range(0, TRIES, BATCH):
        state = sampled_states(world, BATCH, seed=int(rng.integers(2**31)), fresh=True)
        edited, which = edit.make(world, state, rng)
        clean, corrupted = see(world, state, view), see(world, edited, view)
        plus, minus = _best(subject, clean, head), _best(subject, corrupted, head)
        for place in np.flatnonzero(plus[which] != minus):
            number, answers = int(which[place]), (int(plus[which[place]]), int(minus[place]))
            others = np.flatnonzero(~np.isin(plus, answers))
            if len(others):
                both, third = (clean[number], corrupted[place]), clean[int(rng.choice(others))]
                differ = (both[0] != both[1]).any(0)
                yield Pair(name, f"state {start + number}", *both, third, head, *answers, differ)


def _best(subject: Subject, seen: Tensor, head: str) -> NDArray:
    with torch.no_grad():
        answers = run(subject, seen)[head]
    best: NDArray = answers.argmax(1).cpu().numpy()
    return best


def _gone(thing: str) -> Callable[[World, State, np.random.Generator], tuple[State, NDArray]]:
    def make(world: World, state: State, rng: np.random.Generator) -> tuple[State, NDArray]:
        there = np.flatnonzero(state.planes[:, world.channels.index(thing)].any(axis=(1, 2)))
        return remove(world, take(state, there), thing, allow=law_names(world)), there

    return make


def _moved(thing: str) -> Callable[[World, State, np.random.Generator], tuple[State, NDArray]]:
    def make(world: World, state: State, rng: np.random.Generator) -> tuple[State, NDArray]:
        channel = world.channels.index(thing)
        there, sources, cells = [], [], []
        for i in range(len(state.clock)):
            held, free = np.argwhere(state.planes[i, channel]), free_cells(world, state, i, thing=thing)
            if len(held) and len(free):
                there.append(i)
                sources.append(rng.choice(held))
                cells.append(rng.choice(free))
        kept = np.array(there, int)
        moved = move(
            world, take(state, kept), thing, np.array(cells), source=np.array(sources), allow=law_names(world)
        )
        return moved, kept

    return make


def _lawful(world: World, edit: Edit) -> bool:
    try:
        edit.make(world, engine.reset(world, np.arange(32)), np.random.default_rng(0))
    except BadInput:
        return False
    return True
