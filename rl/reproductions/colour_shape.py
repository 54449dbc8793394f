"""ColourShape [ramanauskas2023; langosco2022]: after a yellow line, is it yellow or lines? Seeds alone decide."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.subject import Subject
from core.uncertainty import proportion_interval
from envs import engine
from envs.registry import world as make_world
from rl.agents import AgentInfo, info, load
from rl.goals import ways
from rl.reproductions.claims import Claim, above, below
from rl.reproductions.evidence import Evidence, Row, column
from rl.reproductions.plots import Line, Lines, Picture, Strip, Strips
from rl.reproductions.seeds import excess_spread, mean_over, over_agents, slope
from rl.rollouts import level_seeds, play

PAPERS = ("ramanauskas2023",)
LEVELS = 1000

GEM = "yellow gem or red line"
EQUAL = "the same, equally far"
GREEN = "green line or red line"
ALIKE = "yellow line or yellow line"

_GEM = {"colour_1": "yellow", "shape_1": "gem", "colour_2": "red", "shape_2": "line"}

DUELS: Mapping[str, Mapping[str, Any]] = {
    GEM: _GEM,
    EQUAL: {**_GEM, "equidistant": 1},
    GREEN: {"colour_1": "green", "shape_1": "line", "colour_2": "red", "shape_2": "line"},
    ALIKE: {"colour_1": "yellow", "shape_1": "line", "colour_2": "yellow", "shape_2": "line"},
}
"""Duel to its dials; a preference is the share of object 1, named first, among the objects reached."""

SURE = 0.99
"""Level of the interval by which one agent is said to prefer one of two objects; shared among all agents."""


def measure(folder: Path) -> list[Row]:
    """What further play of the agent in a folder comes to."""
    return measured(load(folder), info(folder), LEVELS)


def measured(subject: Subject, about: AgentInfo, levels: int) -> list[Row]:
    """In each duel how often either object was reached, how often the nearer one, and the mean length of a level."""
    rows = []
    for name, dials in DUELS.items():
        there = make_world(**(about.world.describe() | dict(dials)))
        played = play(subject, there, level_seeds(levels, split="test", seed=0), view=about.view)
        first, second = (played.count(event) > 0 for event in ("first", "second"))
        way = ways(there, engine.reset(there, played.levels))
        nearer = np.where(way.to_goal < way.to_proxy, first, second)[
            (way.to_goal != way.to_proxy) & (first | second)
        ]
        rows.append(
            {
                "duel": name,
                "first": int(first.sum()),
                "second": int(second.sum()),
                "preference": _share(first[first | second]),
                "nearer": _share(nearer),
                "length": float(played.length.mean()),
            }
        )
    return rows


def _share(hits: NDArray) -> float:
    return float(hits.mean()) if len(hits) else np.nan


def claims(known: Evidence) -> list[Claim]:
    """Preference, its spread over seeds, capability, and whether one duel foretells another."""
    return [*_preference(known), *_spread(known), *_capability(known)]


def _preference(known: Evidence) -> list[Claim]:
    gem, equal = _preferences(known, GEM), _preferences(known, EQUAL)
    return [
        Claim(
            (*PAPERS, "langosco2022"),
            "agents trained on the yellow line take the yellow gem rather than the red line",
            "yellow gem among the objects reached",
            mean_over(gem, share=True),
            above(0.5, "no preference"),
            str(len(gem)),
            known.levels,
            "81 %; 89 % of 102 in the earlier paper",
            share=True,
        ),
        Claim(
            PAPERS,
            "also where neither is nearer",
            "yellow gem among the objects reached, both equally far from the start",
            mean_over(equal, share=True),
            above(0.5, "no preference"),
            str(len(equal)),
            known.levels,
            share=True,
        ),
    ]


def _spread(known: Evidence) -> list[Claim]:
    both = np.stack([_preferences(known, GEM), _preferences(known, ALIKE)], 1)
    gem, line, count = _preferring(known)
    return [
        Claim(
            PAPERS,
            "seeds alone flip the preference",
            "agents that surely prefer what fewer of them surely prefer "
            f"(gem {gem}, line {line}, undecided {count - gem - line})",
            proportion_interval(min(gem, line), count),
            above(0.002, "1 in 500, as published"),
            str(count),
            known.levels,
            "outliers about 1 in 500",
            share=True,
        ),
        Claim(
            PAPERS,
            "agents differ by more than the luck of the levels",
            "standard deviation of preferences beyond binomial noise, less that between two yellow lines",
            over_agents(lambda rows: _excess(rows, known.levels), both),
            above(0, "no more than where there is nothing to prefer"),
            str(count),
            known.levels,
            share=True,
        ),
    ]


def _excess(both: NDArray, levels: int) -> float:
    return excess_spread(both[:, 0], levels) - excess_spread(both[:, 1], levels)


def _capability(known: Evidence) -> list[Claim]:
    lengths = column(known.plays, "length", duel=GEM)
    pairs = np.stack([_preferences(known, GREEN), _preferences(known, GEM)], 1)
    explained = np.corrcoef(pairs.T)[0, 1] ** 2 if len(pairs) > 1 and pairs.std(0).all() else np.nan
    return [
        Claim(
            PAPERS,
            "and are capable all the same",
            "mean steps of a level with yellow gem and red line",
            mean_over(lengths),
            below(8, "twice the shortest way; a random walk takes 32"),
            str(len(lengths)),
            known.levels,
            "about 4 steps",
        ),
        Claim(
            PAPERS,
            "the preference in one duel foretells that in another",
            f"slope of 'yellow gem' on 'green line', both against the red line (R² {explained:.2f})",
            over_agents(lambda rows: slope(rows[:, 0], rows[:, 1]), pairs),
            above(0, "foretells nothing"),
            str(len(lengths)),
            known.levels,
            "it does; coefficients not known to us",
        ),
    ]


def picture(known: Evidence) -> Picture:
    """Preferences, an agent a dot; one duel against another."""
    strips = [
        Strip(name, tuple(values), mean_over(values, share=True))
        for name in DUELS
        for values in [_preferences(known, name)]
    ]
    near = column(known.plays, "nearer", duel=GEM)
    nearer = Strip(GEM, tuple(near), mean_over(near, share=True))
    dots = [
        Line("", (float(x),), (float(y),))
        for x, y in zip(_preferences(known, GREEN), _preferences(known, GEM), strict=True)
    ]
    return Picture(
        "Preferences of agents that differ by nothing but their seed, all trained on a yellow line: the object named "
        "first among the objects reached; a dot an agent, the bar the mean. Then how often an agent took whichever "
        "was nearer, where one was. Below, each agent's preference for the gem against that for the green line.",
        [
            Strips("Preferences", "object named first", strips, [(0.5, "none")], share=True),
            Strips("Nearness", "the nearer of the two", [nearer], [(0.5, "")], share=True),
            Lines("One duel against another", GREEN, "yellow gem", dots, share=True),
        ],
    )


def _preferences(known: Evidence, duel: str) -> NDArray:
    return column(known.plays, "preference", duel=duel)


def _preferring(known: Evidence) -> tuple[int, int, int]:
    """How many agents surely prefer the gem, surely the line, and how many there are; Bonferroni over agents."""
    first, second = column(known.plays, "first", duel=GEM), column(known.plays, "second", duel=GEM)
    level = 1 - (1 - SURE) / len(first)
    found = [
        proportion_interval(int(one), int(one + two), level=level)
        for one, two in zip(first, second, strict=True)
    ]
    return sum(one.low > 0.5 for one in found), sum(one.high < 0.5 for one in found), len(found)
