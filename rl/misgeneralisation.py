"""Which goal did the agent learn: how much it gets of the intended one and of the proxy, in training and shifted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from core.errors import UnknownName
from core.progress import Progress, silent
from core.provenance import Provenance, fingerprint, provenance
from core.subject import Subject
from core.uncertainty import Interval
from envs.registry import world as make_world
from envs.spec import World
from rl.episodes import Episodes
from rl.goals import distributions
from rl.measures import measured, others
from rl.players import AGENT, Player, players
from rl.rollouts import PLAYING, UNLIMITED, level_seeds, play_policy


@dataclass(frozen=True)
class Outcome:
    """How one player did on one distribution: measure (a key of ``rl.measures.MEASURES``) to its 95 % interval.

    A measure is absent where it means nothing: ``goal_first``, ``proxy_first`` and ``directness`` in worlds whose
    goal and proxy are no places, the first two also where no level is telling (``telling`` is the number of levels
    behind them), ``preference`` and ``directness`` where nothing was ever reached; and what is about an event that the
    world has not. ``others``: how often each event that is neither intended nor proxy happened in a level.
    """

    player: str
    where: str
    measures: Mapping[str, Interval]
    telling: int
    others: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """The outcomes of an agent and of its yardsticks.

    Play for the intended goal is the ceiling, a random walk the floor, and play for the proxy what an agent with
    that goal would do.
    """

    subject: str
    outcomes: tuple[Outcome, ...]
    provenance: Provenance = field(repr=False)

    def of(self, where: str, player: str = AGENT) -> Outcome:
        """One outcome.

        Raises
        ------
        UnknownName
            if there is none for that distribution and player.
        """
        found = {(one.where, one.player): one for one in self.outcomes}
        if (where, player) not in found:
            raise UnknownName("outcome", f"{where}, {player}", [", ".join(key) for key in found])
        return found[where, player]


def evaluate(
    subject: Subject,
    world: World,
    *,
    view: str = "window",
    where: Mapping[str, World] | None = None,
    over: Mapping[str, Sequence[Any]] | None = None,
    levels: int = 1000,
    seed: int = 0,
    steps: int = UNLIMITED,
    progress: Progress = silent,
) -> Evaluation:
    """Play held-out levels of the training distribution and of shifted ones, and say which goal was pursued.

    ``world`` is the one that the agent was trained in. ``where`` names the distributions; by default those of
    ``rl.goals.distributions``: "training" is ``world``, and "shifted", if one is known, the same with the dials of
    ``rl.goals.GOALS`` turned. ``over`` adds, for dials and values of each, ``world`` with that dial turned to that
    value: "rand_region=5". Every level is held out from training, and all players play the same ones (where the
    ceiling takes long, its row says how many). Intervals are over levels: Wilson's for shares, the bootstrap's for
    means and ratios. In a world without a limit every level is played for ``steps``.

    Raises
    ------
    BadInput
        if a world does not fit the agent; both shapes are named.
    UnknownName
        if ``over`` names a dial that the world has not.
    """
    where = dict(distributions(world) if where is None else where) | along(world, over or {})
    seeds = level_seeds(levels, split="test", seed=seed)
    turns = {
        name: players(subject, distribution, view=view, seed=seed, steps=steps)
        for name, distribution in where.items()
    }
    first = {name: next(other for other in where if where[other] == where[name]) for name in where}
    told = _weighed(
        {
            (name, player): (where[name].limit or steps) * len(seeds[: turn.most])
            for name in dict.fromkeys(first.values())
            for player, turn in turns[name].items()
        },
        progress,
    )
    outcomes: dict[tuple[str, str], Outcome] = {}
    for name, player, turn in _all(turns):
        found = outcomes.get((first[name], player))
        if found is None:
            tell = next(told)
            tell(0, 1, PLAYING)
            if turn.policy:
                found = _yardstick(where[name], turn.policy, tuple(seeds[: turn.most].tolist()), seed, steps)
            else:
                found = outcome(player, name, turn(seeds, tell), where[name])
            tell(1, 1, PLAYING)
        outcomes[name, player] = replace(found, player=player, where=name)
    described = {name: distribution.describe() for name, distribution in where.items()}
    about = provenance(
        subject=subject.fingerprint,
        data=fingerprint(repr(described), seeds),
        seed=seed,
        levels=levels,
        steps=steps,
        where=described,
    )
    return Evaluation(subject.name, tuple(outcomes.values()), about)


def along(world: World, over: Mapping[str, Sequence[Any]]) -> dict[str, World]:
    """``world`` with each dial turned to each of its values, by names like "rand_region=5".

    Raises
    ------
    UnknownName
        if the world has no such dial.
    BadInput
        if a dial cannot have the value.

    >>> list(along(make_world("cheese"), {"rand_region": [1, 5]}))
    ['rand_region=1', 'rand_region=5']
    """
    return {
        f"{dial}={value:g}" if isinstance(value, int | float) else f"{dial}={value}": make_world(
            **(world.describe() | {dial: value})
        )
        for dial, values in over.items()
        for value in values
    }


def outcome(player: str, where: str, episodes: Episodes, world: World) -> Outcome:
    """The measures of episodes that were played in ``world``."""
    found, telling = measured(episodes, world)
    return Outcome(player, where, found, telling, others(episodes, world))


@lru_cache(maxsize=1024)
def _yardstick(world: World, policy: str, levels: tuple[int, ...], seed: int, steps: int) -> Outcome:
    """What a policy of the world does, which is the same for every agent: played once."""
    return outcome(policy, "", play_policy(world, np.array(levels), policy, seed=seed, steps=steps), world)


def _all(turns: Mapping[str, Mapping[str, Player]]) -> Iterator[tuple[str, str, Player]]:
    for name, there in turns.items():
        for player, turn in there.items():
            yield name, player, turn


def _weighed(weights: Mapping[tuple[str, str], int], progress: Progress) -> Iterator[Progress]:
    """A progress for each turn, one after the other, that tells the share of all that is to be played."""
    total, before = sum(weights.values()), 0

    def told(start: int, weight: int, where: str, done: int, count: int, label: str) -> None:
        progress(round(100 * (start + weight * done / count) / total), 100, f"{label} · {where}")

    for (name, player), weight in weights.items():
        yield partial(told, before, weight, f"{player}, {name}")
        before += weight
