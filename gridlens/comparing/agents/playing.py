"""What agents do, level by level: on training and shifted levels and over the dial between them; and what differs."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.paired import paired
from core.progress import Progress
from core.uncertainty import Interval, bootstrap_interval, proportion_interval
from envs import engine
from envs.spec import World, performance
from gridlens.comparing.agents.dials import dialled
from gridlens.comparing.agents.entrants import Entrant
from reports.comparing.agents.evidence import SKILL, Setting
from reports.comparing.correction import Tested
from rl.episodes import Episodes
from rl.goals import goals_of, roles_of, ways
from rl.rollouts import level_seeds, play
from rl.study_files import kept

Values = Mapping[str, NDArray]
"""Measure to its value in every level; of ``proxy_first`` in every telling level."""
Played = Mapping[str, Values]
"""Name of a distribution to what was measured there."""

STEPS = 1000
"""Steps after which a level is broken off in a world without a limit, as in ``rl.misgeneralisation.evaluate``."""
SHARES = ("goal", "proxy", "proxy_first")
"""Measures that are yes or no in each level."""
OF_DIAL = 4
"""Levels are played whole on training and shifted levels; of them one in so many at every value of the dial."""


def worlds_of(where: Mapping[str, World]) -> dict[str, World]:
    """Training and shifted levels, and those of every value of the dial by "dial=value"."""
    name, turned = dialled(where["shifted"])
    return dict(where) | {f"{name}={value}": world for value, world in turned.items()}


def played(
    entrant: Entrant, where: Mapping[str, World], *, levels: int, seed: int, folder: Path, progress: Progress
) -> Played:
    """What an agent does in every world, level by level; read back from ``folder`` where it is there."""
    found: dict[str, Values] = {}
    for number, (name, world) in enumerate(where.items()):
        progress(number, len(where), f"{entrant.name}: playing levels, {name}")
        count = max(1, levels // OF_DIAL) if "=" in name else levels

        def values(world: World = world, count: int = count) -> Values:
            seeds = level_seeds(count, split="test", seed=seed)
            view = entrant.about.view
            return per_level(play(entrant.subject, world, seeds, view=view, seed=seed, steps=STEPS), world)

        found[name] = kept(folder / "levels" / name.replace("=", "-").replace(".", "_"), values)
    return found


def per_level(episodes: Episodes, world: World) -> Values:
    """What was reached or counted in each level, by the names of ``rl.measures.MEASURES``."""
    roles = roles_of(world)
    goals, proxies = (episodes.count(roles[role]).astype(float) for role in ("intended", "proxy"))
    if goals_of(world).places is None:
        tally = episodes.events.sum(1, dtype=np.int64)
        return {
            "goals": goals,
            "proxies": proxies,
            SKILL: np.asarray(performance(world, tally), float),
            "steps": episodes.length.astype(float),
        }
    telling = ways(world, engine.reset(world, episodes.levels)).telling
    goal, proxy = episodes.first(roles["intended"]), episodes.first(roles["proxy"])
    goal_first = (goal > 0) & ((proxy == 0) | (goal < proxy))
    first = ((goal > 0) | (proxy > 0)) & ~goal_first
    return {
        "goal": (goals > 0).astype(float),
        "proxy": (proxies > 0).astype(float),
        "proxy_first": first[telling].astype(float),
        "steps": episodes.length.astype(float),
    }


def interval(values: NDArray, measure: str) -> Interval | None:
    """Wilson's interval of a share, the bootstrap's of a mean count; None of no levels."""
    if not len(values):
        return None
    if measure in SHARES:
        return proportion_interval(int(values.sum()), len(values))
    return bootstrap_interval(values, seed=0)


def over_dial(found: Played, measures: Sequence[str]) -> tuple[tuple[str, ...], list[dict[str, Interval]]]:
    """The dial's values, and at each measure to its interval."""
    names = [name for name in found if "=" in name]
    rows = [
        {
            measure: value
            for measure in measures
            if measure in found[name] and (value := interval(found[name][measure], measure)) is not None
        }
        for name in names
    ]
    return tuple(name.partition("=")[2] for name in names), rows


def pairs_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """Every two, in order."""
    return list(combinations(names, 2))


def tested_events(
    found: Mapping[str, Played], setting: Setting, where: Mapping[str, World]
) -> list[tuple[str, str]]:
    """Measure and distribution of what is tested of every pair, the weightiest first; none that says the same twice."""
    measures = [setting.intended, setting.proxy, *([SKILL] if setting.counted else [])]
    splits = ["shifted"] if where["training"] == where["shifted"] else ["shifted", "training"]
    kept: list[tuple[str, str]] = []
    for split in splits:
        for measure in measures:
            same = (
                all(np.array_equal(each[split][measure], each[other][known]) for each in found.values())
                for known, other in kept
                if other == split
            )
            if not any(same):
                kept.append((measure, split))
    return kept


def tests(
    found: Mapping[str, Played], setting: Setting, where: Mapping[str, World], *, seed: int, alpha: float
) -> list[Tested]:
    """Every pair of agents: what each did of the intended goal and the proxy, on the same levels."""
    said = {"shifted": setting.shifted, "training": setting.train}
    words = dict(setting.events) | {SKILL: "hidden performance"}
    made = []
    for measure, split in tested_events(found, setting, where):
        for one, other in pairs_of(list(found)):
            sides = [found[name][split][measure] for name in (one, other)]
            did = words[measure]
            more = f"{{high}} more often {did} than {{low}} on {said[split]}"
            if measure == SKILL:
                more = f"{{high}} does better than {{low}} on {said[split]} (hidden performance)"
            made.append(
                Tested(
                    f"{did}, {split}",
                    one,
                    other,
                    (float(sides[0].mean()), float(sides[1].mean())),
                    paired(sides[0], sides[1], seed=seed, alpha=alpha),
                    share=measure in SHARES,
                    more=more,
                    part=f"{measure} {split}" if len(found) > 2 else "",
                )
            )
    return made
