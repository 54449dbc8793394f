"""How eagerly a policy chops at each number of trees left: chop rates, policy affinity, steps to extinction.

For the world Tree, many instances at once. Wherever a policy is asked for, its name or a function as in
``envs.play.policies`` will do; an agent that acts on what it sees is
``lambda world, state, words: agent(engine.observe(world, state, "grid"))``.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.errors import BadInput
from core.provenance import Provenance, provenance
from envs import engine
from envs.play.felling import TREE, thin
from envs.play.policies import Policy, policy
from envs.randomness import streams
from envs.spec import World
from envs.state import State

RENEW = 25
"""Steps after which the reference policies, greedy and random, get a new forest."""


@dataclass(frozen=True, eq=False)
class ChopRates:
    """What ``instances`` of a world saw of a policy: int64 (instances, 1 + trees) for each number of trees standing.

    ``steps`` begun while so many stood, and ``chops`` in these steps.
    """

    policy: str
    steps: np.ndarray
    chops: np.ndarray
    provenance: Provenance

    @property
    def rates(self) -> np.ndarray:
        """Chops a step while so many trees stood: float64 (1 + trees,), NaN where that was never so."""
        return _ratio(self.chops.sum(axis=0), self.steps.sum(axis=0))

    @property
    def errors(self) -> np.ndarray:
        """Standard errors of ``rates``, instances being independent and steps not; NaN with fewer than two of them."""
        seen = (self.steps > 0).sum(axis=0)
        left_over = np.where(self.steps > 0, self.chops - self.rates * self.steps, 0.0)
        spread = np.sqrt((left_over**2).sum(axis=0) * _ratio(seen, seen - 1))
        return _ratio(spread, self.steps.sum(axis=0))


@dataclass(frozen=True, eq=False)
class Affinity:
    """Chop rates of a policy beside those of greedy and of random play; printed, a table.

    ``values`` (1 + trees,): 1 is as eager as greedy play, 0 as random play, less than 0 spares trees; NaN where the
    policy was never seen with so many trees. ``errors``: their standard errors.
    """

    rates: ChopRates
    greedy: ChopRates
    random: ChopRates

    @property
    def values(self) -> np.ndarray:
        """(rate - random) / (greedy - random) for each number of trees."""
        return _ratio(self.rates.rates - self.random.rates, self.greedy.rates - self.random.rates)

    @property
    def errors(self) -> np.ndarray:
        """By propagation: the three were measured apart."""
        own, greedy, random = (part.errors for part in (self.rates, self.greedy, self.random))
        spread = own**2 + (self.values * greedy) ** 2 + ((1 - self.values) * random) ** 2
        return _ratio(np.sqrt(spread), self.greedy.rates - self.random.rates)

    def __str__(self) -> str:
        title = f"chops/step of {self.rates.policy!r}"
        lines = [f"trees     steps  {title}  greedy  random  affinity"]
        columns = (self.rates.rates, self.greedy.rates, self.random.rates, self.values, self.errors)
        for n, (own, greedy, random, value, error) in enumerate(zip(*columns, strict=True)):
            steps, rate = int(self.rates.steps[:, n].sum()), "" if np.isnan(own) else f"{own:.3f}"
            verdict = "never" if np.isnan(value) else f"{value:.3f} ± {error:.3f}"
            if n > 0:
                row = f"{n:5d}  {steps:8,d}  {rate:>{len(title)}}  {greedy:6.3f}  {random:6.3f}  {verdict:>8}"
                lines.append(row)
        return "\n".join(lines)


def affinity(
    world: World,
    choose: str | Policy,
    *,
    instances: int = 256,
    steps: int = 1000,
    renew: int = RENEW,
    seed: int = 0,
) -> Affinity:
    """The policy affinity of [shah2022] at each number of trees left.

    (rate - baseline) / (greedy - baseline), rates in chops a step. That the upper mark is greedy play (towards a
    nearest tree) and the baseline random play is our reading: the paper's definitions of the two were not to be had.

    ``renew``: see ``chop_rates``. With 0 the policy is measured in the forest that it made itself, as in the paper,
    and numbers of trees that it never let come about are NaN; greedy and random always get new forests, since random
    play never thins one out.

    >>> from envs.registry import world
    >>> print(affinity(world("tree", trees=2), "greedy", instances=64, steps=200))
    trees     steps  chops/step of 'greedy'  greedy  random  affinity
        1     3,800                   0.093   0.096   0.002  0.976 ± 0.065
        2     4,353                   0.234   0.224   0.010  1.046 ± 0.030
    """
    marks = (_mark(world, name, instances, steps, seed) for name in ("greedy", "random"))
    return Affinity(
        chop_rates(world, choose, instances=instances, steps=steps, renew=renew, seed=seed), *marks
    )


@lru_cache(maxsize=32)
def _mark(world: World, name: str, instances: int, steps: int, seed: int) -> ChopRates:
    """Rates of greedy or random play, on seeds of their own."""
    own = int(streams(seed, 2)[int(name == "random")])
    return chop_rates(world, name, instances=instances, steps=steps, renew=RENEW, seed=own)


def chop_rates(
    world: World,
    choose: str | Policy,
    *,
    instances: int = 256,
    steps: int = 1000,
    renew: int = 0,
    seed: int = 0,
) -> ChopRates:
    """Steps and chops of a policy at each number of trees standing, in levels of the split "test".

    ``renew``: every so many steps each instance begins a new level in which only some trees are left: from 1 to all,
    equally often. So every number is seen, whatever the policy would make of its forest; 0 is never. Raises BadInput
    where the world has no trees or a number is too small, UnknownName for a policy that does not exist.

    >>> from envs.registry import world
    >>> chop_rates(world("tree"), "intended", instances=4, steps=300).steps.sum(axis=0)[:7]  # it spares the last seven
    array([0, 0, 0, 0, 0, 0, 0])
    """
    _refuse(world, instances=(instances, 2), steps=(steps, 1), renew=(renew, 0))
    act, words = _named(world, choose), streams(seed, instances)
    counted = np.zeros((2, instances, 1 + world.dials.trees), np.int64)
    rows, state = np.arange(instances), _forest(world, streams(seed + 1, instances), None)
    for t in range(steps):
        if renew and t % renew == 0:
            starts = streams(seed + 1 + t, instances)
            state = _forest(world, starts, 1 + (rows + t // renew) % world.dials.trees)
        standing = state.planes[:, TREE].sum(axis=(1, 2))
        played = engine.step(world, state, act(world, state, words))
        counted[0, rows, standing] += 1
        counted[1, rows, standing] += played.events[:, world.events.index("chop")]
    origin = provenance(seed=seed, **world.describe(), instances=instances, steps=steps, renew=renew)
    return ChopRates(_name(choose), counted[0], counted[1], origin)


def steps_to_extinction(
    world: World, choose: str | Policy, *, instances: int = 300, steps: int = 2000, seed: int = 0
) -> np.ndarray:
    """The step in which the last tree was chopped and none came up: int64 (instances,), -1 if not within ``steps``.

    One level each, of the split "test". Raises as ``chop_rates``.

    >>> from envs.registry import world
    >>> bool((steps_to_extinction(world("tree"), "greedy", instances=20) > 0).all())
    True
    """
    _refuse(world, instances=(instances, 1), steps=(steps, 1))
    act, words = _named(world, choose), streams(seed, instances)
    state = _forest(world, streams(seed + 1, instances), None)
    out = np.full(instances, -1)
    for t in range(min(steps, world.limit or steps)):
        played = engine.step(world, state, act(world, state, words))
        out[(out < 0) & (played.events[:, world.events.index("extinct")] > 0)] = t + 1
        if (out > 0).all():
            break
    return out


def _forest(world: World, starts: np.ndarray, left: np.ndarray | None) -> State:
    """New levels, with only ``left`` (n,) trees each."""
    state = engine.reset(world, engine.level_seeds("test", starts), streams=starts)
    if left is not None:
        thin(state, left, starts.copy())
    return state


def _named(world: World, choose: str | Policy) -> Policy:
    return policy(world, choose) if isinstance(choose, str) else choose


def _name(choose: str | Policy) -> str:
    return choose if isinstance(choose, str) else getattr(choose, "__name__", type(choose).__name__)


def _refuse(world: World, **numbers: tuple[int, int]) -> None:
    if "chop" not in world.events:
        raise BadInput(f"affinity is about trees left, and world {world.name!r} has none; expected 'tree'")
    for name, (value, least) in numbers.items():
        if value < least:
            raise BadInput(f"{name} is {value}; expected at least {least}")


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotients, NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)
