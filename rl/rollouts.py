"""Play many levels at once - by an agent, a policy of the world, at random - and keep what happened as Episodes."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from numpy.typing import NDArray

from core.errors import BadInput, NotFinite
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject
from envs import engine
from envs.play.policies import policy
from envs.randomness import streams
from envs.spec import World
from envs.state import State, take
from rl.acting import action_head, answering, chances
from rl.agents import check_fits, see
from rl.draws import drawn, episode_words, step_words
from rl.episodes import Episodes

Chooser = Callable[[State, NDArray, NDArray], NDArray]
"""The state of those of a block's episodes that go on, which of them these are, and a random word each, to actions."""

UNLIMITED = 1_000
"""Steps after which an episode is cut short here where the world itself has no limit."""
BLOCK = 512
"""Levels that are played side by side: what they need at once fits a processor's cache."""
LEAST = 16
"""Observations that a network gets at least: with fewer, libraries add a row's numbers in another order."""
PLAYING = "playing held-out levels"


def level_seeds(n: int, *, split: str, seed: int) -> Int[np.ndarray, "n"]:
    """``n`` level seeds of a split ("train" or "test"), drawn by ``seed``.

    >>> len(level_seeds(5, split="test", seed=0))
    5
    """
    if n < 1:
        raise BadInput(f"at least one level must be played; got {n}")
    return engine.level_seeds(split, streams(seed, n))


def play(
    subject: Subject,
    world: World,
    levels: Int[np.ndarray, "n"],
    *,
    view: str = "window",
    greedy: bool = False,
    seed: int = 0,
    steps: int = UNLIMITED,
    progress: Progress = silent,
) -> Episodes:
    """One episode of each level: actions drawn as the agent's head says, or with ``greedy`` its best ones.

    ``steps`` is where an episode ends in a world without a limit; elsewhere it is the world's own. What happens in an
    episode depends on agent, level and ``seed`` alone, not on which others are played; as many threads play as torch
    computes on.

    Raises
    ------
    BadInput
        if the world does not fit the agent (both shapes are named).
    NotFinite
        if the agent answers with NaN or infinity.

    >>> from envs.registry import world
    >>> from rl.agents import as_subject
    >>> from rl.networks import build
    >>> maze = world("cheese", size=7, limit=20)
    >>> agent = as_subject(build("mlp", shape=(2, 9, 9), actions=4, seed=0), maze, view="window", name="fresh")
    >>> int(play(agent, maze, level_seeds(3, split="test", seed=0)).length.max())
    20
    """
    check_fits(subject, world, view)
    about = provenance(
        subject=subject.fingerprint, data=_data(world, levels), seed=seed, greedy=greedy, levels=len(levels)
    )
    head = action_head(subject)

    def begin(n: int) -> Chooser:
        answer = answering(subject, n)

        def choose(state: State, which: NDArray, words: NDArray) -> NDArray:
            seen, rows = see(world, state, view), torch.from_numpy(which)
            if len(rows) < LEAST:
                padded = [*range(len(rows)), *[len(rows) - 1] * (LEAST - len(rows))]
                seen, rows = seen[padded], rows[padded]
            with torch.no_grad():
                scores = answer(seen, rows)[head][: len(which)].cpu()
            if not scores.isfinite().all():
                raise NotFinite(f"{subject.name} answers with NaN or infinity; it cannot be played")
            return scores.argmax(1).numpy() if greedy else drawn(chances(scores, head).numpy(), words)

        return choose

    with _threads() as threads:
        return _played(
            begin, world, levels, about=about, seed=seed, steps=steps, threads=threads, progress=progress
        )


def play_policy(
    world: World,
    levels: Int[np.ndarray, "n"],
    name: str,
    *,
    seed: int = 0,
    steps: int = UNLIMITED,
    progress: Progress = silent,
) -> Episodes:
    """One episode of each level by a policy of the world: "intended", "proxy", "random" (``envs.play.policies``).

    Raises
    ------
    UnknownName
        if the world has no such policy.

    >>> from envs.registry import world
    >>> maze = world("cheese", size=7)
    >>> bool(play_policy(maze, level_seeds(3, split="test", seed=0), "intended").terminated.all())
    True
    """
    chosen = policy(world, name)
    about = provenance(policy=name, data=_data(world, levels), seed=seed, levels=len(levels))

    def begin(n: int) -> Chooser:
        return lambda state, which, words: chosen(world, state, words)

    return _played(begin, world, levels, about=about, seed=seed, steps=steps, progress=progress)


def _played(
    begin: Callable[[int], Chooser],
    world: World,
    levels: NDArray,
    *,
    about: Provenance,
    seed: int,
    steps: int,
    threads: int = 1,
    progress: Progress = silent,
) -> Episodes:
    """One episode of each level, block by block; ``begin(n)`` gives who chooses the actions in a block of n."""
    kept = _blank(world, np.asarray(levels), world.limit or steps, about)
    words, stop = episode_words(seed, kept.levels), Event()

    def play_block(start: int) -> int:
        block = slice(start, start + BLOCK)
        choose = begin(len(kept.levels[block]))
        _play_block(choose, world, _rows(kept, block), words[block], stop)
        return len(kept.levels[block])

    done = 0
    progress(done, len(kept.levels), PLAYING)
    for count in _each(play_block, range(0, len(kept.levels), BLOCK), threads, stop):
        done += count
        progress(done, len(kept.levels), PLAYING)
    return _trimmed(kept)


def _each(work: Callable[[int], int], parts: range, threads: int, stop: Event) -> Iterator[int]:
    """What ``work`` returns for each part, in the order in which they are done; broken off, no thread goes on."""
    if threads == 1 or len(parts) == 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(min(threads, len(parts))) as pool:
        try:
            left = {pool.submit(work, part) for part in parts}
            while left:
                done, left = wait(left, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in done)
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def _play_block(choose: Chooser, world: World, kept: Episodes, words: NDArray, stop: Event) -> None:
    """Play the levels of ``kept`` and fill it in; what has ended is played no further."""
    alive, state = np.arange(len(kept.levels)), engine.reset(world, kept.levels)
    kept.positions[:, 0] = state.agent
    for step in range(kept.actions.shape[1]):
        kept.actions[alive, step] = chosen = choose(state, alive, step_words(words[alive], step))
        played = engine.step(world, state, chosen)
        kept.rewards[alive, step], kept.events[alive, step] = played.reward, played.events
        kept.positions[alive, step + 1] = state.agent
        kept.length[alive], kept.terminated[alive] = step + 1, played.terminated
        if played.final is not None:
            kept.positions[alive[played.ended], step + 1] = played.final.agent
            going = np.flatnonzero(~(played.terminated | played.truncated))
            alive, state = alive[going], take(state, going)
        if not len(alive) or stop.is_set():
            break


def _blank(world: World, levels: NDArray, limit: int, about: Provenance) -> Episodes:
    n, events = len(levels), len(world.events)
    return Episodes(
        levels=levels,
        length=np.zeros(n, np.int32),
        terminated=np.zeros(n, bool),
        positions=np.full((n, limit + 1, 2), -1, np.int16),
        actions=np.full((n, limit), -1, np.int8),
        rewards=np.zeros((n, limit), np.float32),
        events=np.zeros((n, limit, events), np.uint8),
        event_names=world.events,
        provenance=about,
    )


def _rows(kept: Episodes, block: slice) -> Episodes:
    """A block of the same arrays: what is written there is written in ``kept``."""
    arrays: dict[str, Any] = {
        name: value[block] for name, value in vars(kept).items() if isinstance(value, np.ndarray)
    }
    return replace(kept, **arrays)


def _trimmed(kept: Episodes) -> Episodes:
    """Without the steps that no episode came to."""
    t = int(kept.length.max())
    return replace(
        kept,
        positions=kept.positions[:, : t + 1],
        actions=kept.actions[:, :t],
        rewards=kept.rewards[:, :t],
        events=kept.events[:, :t],
    )


@contextmanager
def _threads() -> Iterator[int]:
    """How many threads torch computes on; inside, each of ours computes on one, adding numbers in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield before
    finally:
        torch.set_num_threads(before)


def _data(world: World, levels: NDArray) -> str:
    return fingerprint(repr(world.describe()), levels)
