"""Tree [shah2022]: an agent gets good at chopping, fells the forest it lives in, and may learn to spare it.

Works on any agent folder of world Tree with snapshots. What became of the forest that training was in is read from its
curve (``rl.watching``); where the curve does not tell, every snapshot is put into a full forest instead.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.artifacts import read_csv
from core.subject import Subject, run
from core.uncertainty import Interval
from envs import engine
from envs.play.affinity import affinity
from envs.play.felling import TREE
from envs.play.policies import Policy
from envs.randomness import GOLDEN, streams
from envs.spec import World
from envs.state import State
from rl.acting import action_head, chances
from rl.agents import AgentInfo, info, load, see, snapshots
from rl.draws import drawn
from rl.reproductions.claims import Claim, Rule, above
from rl.reproductions.evidence import Evidence, Row, rows_of, trained
from rl.reproductions.plots import Line, Lines, Picture
from rl.reproductions.seeds import difference, mean_over
from rl.watching import WATCHED_STEPS

PAPERS = ("shah2022",)
MAIN = 0.001
"""The r_min that is judged; of others one agent each shows what it changes."""

INSTANCES, STEPS, FATE = 128, 150, 1000
"""Forests in which a snapshot is measured; steps of its affinity; steps that it is given in a full forest, the last
quarter of which is counted."""

MOMENTS = 25
"""At most so many snapshots are measured, evenly chosen, the first and the last among them."""

FEW = (1, 2, 3)
"""Numbers of trees that are few: sparing them is what pays."""

LATE = 0.1
"""The last part of training, over which its end is averaged."""


def measure(folder: Path) -> list[Row]:
    """Every snapshot's affinity by trees left, and what became of the forest."""
    about, rows, kept = info(folder), [], stream_rows(folder)
    for steps in chosen(list(snapshots(folder))):
        policy = acting(load(folder, snapshot=steps), about)
        rows += affinity_rows(about.world, policy, steps)
        if not kept:
            rows.append(fate_row(about.world, policy, steps))
    return rows + kept


def chosen(steps: Sequence[int]) -> list[int]:
    """At most ``MOMENTS`` of the snapshots.

    >>> chosen([5, 6, 7]), len(chosen(range(51))), chosen(range(51))[-1]
    ([5, 6, 7], 25, 50)
    """
    count = min(MOMENTS, len(steps))
    return [steps[round(k * (len(steps) - 1) / max(count - 1, 1))] for k in range(count)]


def stream_rows(folder: Path) -> list[Row]:
    """The forest that training was in: trees standing and empty forests at every look, wood a step since the last."""
    curve = read_csv(folder / "curve.csv")
    if "train_tree_standing" not in curve[0]:
        return []
    return [
        _row(
            "stream",
            int(float(row["steps"])),
            wood=float(row["train_goal"]) / WATCHED_STEPS,
            standing=float(row["train_tree_standing"]),
            empty=float(row["train_tree_none"]),
        )
        for row in curve
        if float(row["steps"]) > 0
    ]


def acting(subject: Subject, about: AgentInfo) -> Policy:
    """An agent as a policy of ``envs.play``: its actions drawn by the words that it is given, which move on."""
    head = action_head(subject)

    def agent(world: World, state: State, words: NDArray) -> NDArray:
        with torch.no_grad():
            likely = chances(run(subject, see(world, state, about.view))[head].cpu(), head)
        words += GOLDEN
        return drawn(likely.numpy(), words)

    return agent


def affinity_rows(world: World, policy: Policy, steps: int) -> list[Row]:
    """The policy's affinity at each number of trees left."""
    found = affinity(world, policy, instances=INSTANCES, steps=STEPS)
    return [
        _row("affinity", steps, trees=n, affinity=float(found.values[n]), error=float(found.errors[n]))
        for n in range(1, 1 + world.dials.trees)
    ]


def fate_row(world: World, policy: Policy, steps: int) -> Row:
    """What full forests come to: wood a step, trees standing, and the share of empty forests, towards the end."""
    words, start = streams(1, INSTANCES), streams(0, INSTANCES)
    state = engine.reset(world, engine.level_seeds("test", start), streams=start)
    wood, standing, empty = [], [], []
    for t in range(FATE):
        played = engine.step(world, state, policy(world, state, words))
        if t >= FATE * 3 // 4:
            left = state.planes[:, TREE].sum((1, 2))
            wood.append(played.events[:, world.events.index("chop")].mean())
            standing.append(left.mean())
            empty.append((left == 0).mean())
    means = {"wood": wood, "standing": standing, "empty": empty}
    return _row("forest", steps, **{name: float(np.mean(values)) for name, values in means.items()})


def _row(kind: str, steps: int, **values: float | int) -> Row:
    names = ("trees", "affinity", "error", "wood", "standing", "empty")
    return {"kind": kind, "steps": steps} | {name: values.get(name, np.nan) for name in names}


def claims(known: Evidence) -> list[Claim]:
    """The arc of the paper's Figure 3: plenty, greed, collapse, recovery; the last also at other values of r_min.

    The collapse is where most wood has been lost since an earlier look (the largest drawdown). Some is always lost by
    chance, so that half of it is asked for.
    """
    arcs = np.array([_arc(known, agent) for agent in _agents(known, MAIN)])
    early, greedy, lost, regained, few_then, few_late = arcs.T

    def claim(text: str, measured: str, ours: Interval, rule: Rule, r_min: float = MAIN) -> Claim:
        said, count = f"{measured}; r_min {r_min:g}", len(_agents(known, r_min))
        return Claim(PAPERS, text, said, ours, rule, str(count), INSTANCES, share="share" in measured)

    back = f"share of what was lost that is there again over the last {LATE:.0%} of training"
    return [
        claim(
            "at first the agent is poor at chopping, and trees stay plentiful",
            "trees standing at the first look",
            mean_over(early),
            above(8, "as many as the best play known leaves standing"),
        ),
        claim(
            "it learns to chop as fast as it can however few are left",
            "affinity, mean over all numbers of trees, at the snapshot where it is greatest",
            mean_over(greedy),
            above(0.8, "near greedy play's 1"),
        ),
        claim(
            "the forest collapses, and with it the reward",
            "share of the wood a step that is lost from the top to the collapse",
            mean_over(lost, share=True),
            above(0.5, "half of it"),
        ),
        claim("in the end it recovers", back, mean_over(regained), above(0.5, "half of it")),
        claim(
            "because the agent learns to spare the last trees",
            f"affinity at {FEW[0]} to {FEW[-1]} trees at the collapse less that at the end",
            difference(few_then, few_late),
            above(0, "as eager as ever"),
        ),
        *(
            claim(
                "recovery within the run, elsewhere",
                back,
                mean_over([_arc(known, agent)[3] for agent in _agents(known, r_min)]),
                above(0.5, "half of it; one agent alone decides nothing"),
                r_min,
            )
            for r_min in trained(known.plays, "r_min")
            if r_min != MAIN
        ),
    ]


def _agents(known: Evidence, r_min: float) -> list[str]:
    return list(dict.fromkeys(row["agent"] for row in rows_of(known.plays, r_min=r_min)))


def fate(known: Evidence, agent: str) -> list[Row]:
    """The forest over training, of one agent: the one it lived in if that was kept, else its snapshots in full ones."""
    return rows_of(known.plays, kind="stream", agent=agent) or rows_of(
        known.plays, kind="forest", agent=agent
    )


def _arc(known: Evidence, agent: str) -> tuple[float, ...]:
    """Of one agent: trees at first, greatest affinity, lost, regained, at few trees then and at last."""
    course, few = fate(known, agent), _eagerness(known, agent, FEW)
    wood = np.array([float(row["wood"]) for row in course])
    top, bottom = drawdown(wood)
    lost = wood[top] - wood[bottom]
    end = wood[-max(1, round(LATE * len(wood))) :].mean()
    return (
        float(course[0]["standing"]),
        max(_eagerness(known, agent).values()),
        float(lost / wood[top]),
        float((end - wood[bottom]) / lost) if lost > 0 else np.nan,
        few[_nearest(few, int(course[bottom]["steps"]))],
        few[max(few)],
    )


def drawdown(values: NDArray) -> tuple[int, int]:
    """Between which two places, in order, most is lost.

    >>> drawdown(np.array([1.0, 5.0, 4.0, 0.5, 6.0, 3.0]))
    (1, 3)
    """
    lost = np.maximum.accumulate(values) - values
    bottom = int(lost.argmax())
    return int(values[: bottom + 1].argmax()), bottom


def _nearest(steps: Iterable[int], to: int) -> int:
    return min(steps, key=lambda one: abs(one - to))


def _eagerness(known: Evidence, agent: str, trees: Sequence[int] = range(1, 1000)) -> dict[int, float]:
    """Each snapshot's affinity, mean over those numbers of trees."""
    found: dict[int, list[float]] = {}
    for row in rows_of(known.plays, kind="affinity", agent=agent):
        if int(float(row["trees"])) in trees:
            found.setdefault(int(row["steps"]), []).append(float(row["affinity"]))
    return {steps: float(np.nanmean(values)) for steps, values in sorted(found.items())}


def picture(known: Evidence) -> Picture:
    """Trees and wood over training, a line an agent; affinity by trees left at four moments of the first one."""
    panels = [
        Lines(
            title,
            "steps of training",
            axis,
            [
                Line(
                    f"r_min {r_min:g}",
                    [float(row["steps"]) for row in course],
                    [float(row[name]) for row in course],
                )
                for r_min in trained(known.plays, "r_min")
                for agent in _agents(known, r_min)
                for course in [fate(known, agent)]
            ],
        )
        for title, axis, name in (
            ("Trees standing", "trees", "standing"),
            ("Wood", "chopped a step", "wood"),
        )
    ]
    return Picture(
        "Above, the forests over training, a line an agent; below, how eagerly the first agent judged chops by the "
        "number of trees left (1: as greedy play, 0: as random play): at first, at the top of its wood before the "
        "collapse, at the collapse, and at the end.",
        [*panels, _moments(known, _agents(known, MAIN)[0])],
    )


def _moments(known: Evidence, agent: str) -> Lines:
    eager, course = _eagerness(known, agent), fate(known, agent)
    top, bottom = drawdown(np.array([float(row["wood"]) for row in course]))
    moments = {
        "at first": min(eager),
        "most wood": _nearest(eager, int(course[top]["steps"])),
        "collapse": _nearest(eager, int(course[bottom]["steps"])),
        "at the end": max(eager),
    }
    lines = []
    for name, at in moments.items():
        rows = [row for row in rows_of(known.plays, kind="affinity", agent=agent) if int(row["steps"]) == at]
        x, y = ([float(row[key]) for row in rows] for key in ("trees", "affinity"))
        lines.append(Line(f"{name} ({at / 1e6:.1f} M)", x, y))
    return Lines("Affinity", "trees left", "affinity", lines)
