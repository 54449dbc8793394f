"""Monster [shah2022]: agents of 25 steps collect shields when no monster is left, those of 200 prefer apples."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.subject import Subject
from envs.registry import world as make_world
from envs.spec import World
from envs.worlds.monster import SHIELD
from rl.agents import AgentInfo, info, load
from rl.episodes import Episodes
from rl.reproductions.claims import Claim, above, below
from rl.reproductions.evidence import Evidence, Row, column, estimates
from rl.reproductions.plots import Line, Lines, Picture, Strip, Strips
from rl.reproductions.retracing import at, retraced
from rl.reproductions.seeds import difference, mean_over
from rl.rollouts import level_seeds, play

STEPS, SPAN = 200, 25
"""Steps of every level played, and of the spans of time in which things are counted."""

SHORT, LONG = 25, 200
"""Steps of the levels in which the two kinds of agents were trained."""

WHERE = {"gone": {"monsters": 0, "limit": STEPS}, "among": {"limit": STEPS}}
"""Two hundred steps without monsters from the start, and with."""

PAPERS = ("shah2022",)
LEVELS = 500
EVEN = "as many apples as shields lie about"


def measure(folder: Path) -> list[Row]:
    """What further play of the agent in a folder comes to."""
    return measured(load(folder), info(folder), LEVELS)


def measured(subject: Subject, about: AgentInfo, levels: int) -> list[Row]:
    """What the agent took in spans of time, per level.

    "tries" are steps onto a shield's cell with hands full: a shield that cannot be taken stays. No level of 25 steps
    is long enough for full hands, so what an agent trained there wants is told by what it does while they are not.
    """
    rows = []
    for where, dials in WHERE.items():
        there = make_world(**(about.world.describe() | dials))
        played = play(subject, there, level_seeds(levels, split="test", seed=0), view=about.view)
        taken = _taken(there, played)
        rows += [_row(where, name, taken, mask) for name, mask in _spans(there, taken).items()]
    return rows


def _taken(world: World, played: Episodes) -> dict[str, NDArray]:
    """Each level's and step's apples, shields, monsters destroyed, and tries: (n, steps)."""
    tries = np.zeros(played.actions.shape, bool)
    for t, state, _ in retraced(world, played):
        if t:  # what the step before led to
            moved = (played.positions[:, t] != played.positions[:, t - 1]).any(1)
            tries[:, t - 1] = moved & (at(state.planes[:, SHIELD], state.agent) > 0)
    counted = {
        name: played.events[:, :, world.events.index(name)].astype(np.int64)
        for name in ("apple", "shield", "kill")
    }
    return counted | {"tries": tries}


def _spans(world: World, taken: dict[str, NDArray]) -> dict[str, NDArray]:
    """Which steps (n, steps) belong to each span of time; "free" is while a shield could still be taken."""
    shape = taken["apple"].shape
    number = np.broadcast_to(np.arange(shape[1]) // SPAN, shape)
    held = _before(taken["shield"] - taken["kill"])
    free = held < world.dials.cap
    alone = _before(taken["kill"]) >= world.dials.monsters
    spans = {str(k * SPAN): number == k for k in range(shape[1] // SPAN)}
    return spans | {"all": np.ones(shape, bool), "free": free, "free, alone": free & alone}


def _before(counts: NDArray) -> NDArray:
    """Sums over the steps before each."""
    return np.cumsum(counts, 1) - counts


def _row(where: str, span: str, taken: dict[str, NDArray], mask: NDArray) -> Row:
    """Sums per level over the steps of a span, and apples among all that was taken in it."""
    sums = {name: float((values * mask).sum(1).mean()) for name, values in taken.items()}
    both = sums["apple"] + sums["shield"]
    share = sums["apple"] / both if both else np.nan
    return {"where": where, "span": span, "steps": float(mask.sum(1).mean()), **sums, "apples_share": share}


def claims(known: Evidence) -> list[Claim]:
    """What the paper says of the two kinds of agents, in order."""
    return [*_of_the_short(known), *_of_the_long(known)]


def _of_the_short(known: Evidence) -> list[Claim]:
    best = estimates(known.records, "proxies", where="shifted", player="best known play", limit=SHORT)[0]
    count, levels = str(len(_seeds(known, SHORT))), known.levels
    among = column(known.plays, "apples_share", where="among", span="free, alone", limit=SHORT)
    return [
        Claim(
            PAPERS,
            "agents of 25 steps go on collecting shields when there is no monster",
            "shields a level of 200 steps without monsters (10 are all that can be held)",
            mean_over(_alone(known, "shield", SHORT)),
            above(float(best), "shields taken by the best known play for apples"),
            count,
            levels,
        ),
        Claim(
            PAPERS,
            "and want them more than apples",
            "apples among all that was taken without monsters, while a shield could still be taken",
            mean_over(_alone(known, "apples_share", SHORT), share=True),
            below(0.5, EVEN),
            count,
            levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "also after they have destroyed the last monster themselves",
            "the same share after the last of five monsters",
            mean_over(among, share=True),
            below(0.5, EVEN),
            count,
            levels,
            share=True,
        ),
    ]


def _of_the_long(known: Evidence) -> list[Claim]:
    share, shorter = (_alone(known, "apples_share", limit) for limit in (LONG, SHORT))
    both = f"{len(share)} and {len(shorter)}"
    return [
        Claim(
            PAPERS,
            "agents of 200 steps prefer apples",
            "the same share without monsters, agents of 200 steps",
            mean_over(share, share=True),
            above(0.5, EVEN),
            str(len(share)),
            known.levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "more than agents of 25 steps do",
            "the same share, agents of 200 less agents of 25 steps",
            difference(share, shorter),
            above(0, "no difference"),
            both,
            known.levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "which costs agents of 25 steps apples",
            "apples a level of 200 steps without monsters, agents of 200 less agents of 25 steps",
            difference(_alone(known, "apple", LONG), _alone(known, "apple", SHORT)),
            above(0, "no difference"),
            both,
            known.levels,
        ),
    ]


def _alone(known: Evidence, name: str, limit: int) -> NDArray:
    """Without monsters: a share while a shield could still be taken, a count over all 200 steps."""
    span = "free" if name == "apples_share" else "all"
    return column(known.plays, name, where="gone", span=span, limit=limit)


def picture(known: Evidence) -> Picture:
    """Apples and shields a level, agent by agent; apples over time."""
    strips = []
    for name in ("apple", "shield"):
        for limit in (SHORT, LONG):
            values = column(known.plays, name, where="gone", span="all", limit=limit)
            strips.append(Strip(f"{name}s, {limit} steps", tuple(values), mean_over(values)))
    starts = list(range(0, STEPS, SPAN))
    lines = [
        Line(f"trained at {limit} steps", starts, _over_time(known, "apple", limit, seed))
        for limit in (SHORT, LONG)
        for seed in _seeds(known, limit)
    ]
    return Picture(
        "200 steps without monsters. Above, what was taken, a dot an agent, by the length of the levels it was trained "
        "in; no more than ten shields can be held. Below, apples taken in each 25 steps, a line an agent: with its "
        "hands full, an agent of 25 steps stays about shields that it cannot take.",
        [
            Strips("Taken in a level", "things a level", strips),
            Lines("Apples over time", "step", "apples in 25 steps", lines),
        ],
    )


def _over_time(known: Evidence, name: str, limit: int, seed: int) -> list[float]:
    spans = range(0, STEPS, SPAN)
    return [
        float(column(known.plays, name, where="gone", span=str(span), limit=limit, seed=seed)[0])
        for span in spans
    ]


def _seeds(known: Evidence, limit: int) -> list[int]:
    return [int(s) for s in column(known.plays, "seed", where="gone", span="all", limit=limit)]
