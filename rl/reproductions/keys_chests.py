"""KeysChests [langosco2022]: agents trained where keys were scarce collect more of them than any chest is left for."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.subject import Subject
from envs.registry import world as make_world
from envs.spec import World
from envs.worlds.keys_chests import CHEST, HELD, KEY
from rl.agents import AgentInfo, info, load
from rl.episodes import Episodes
from rl.players import AGENT, RANDOM
from rl.reproductions.claims import Claim, above, within
from rl.reproductions.evidence import Evidence, Row, column, rows_of
from rl.reproductions.plots import Picture, Strip, Strips
from rl.reproductions.retracing import retraced
from rl.reproductions.seeds import difference, mean_over
from rl.rollouts import level_seeds, play, play_policy

PAPERS = ("langosco2022",)
LEVELS = 1000
MESA = ("nabeshima2021",)
BEST, KEYS = "optimal play", "play for keys"


def measure(folder: Path) -> list[Row]:
    """What further play of the agent in a folder comes to."""
    return measured(load(folder), info(folder), LEVELS)


def measured(subject: Subject, about: AgentInfo, levels: int) -> list[Row]:
    """Reversed levels (twice as many keys as chests), played by the agent and by the world's policies."""
    there = make_world(**(about.world.describe() | {"reversed_percent": 100.0}))
    seeds = level_seeds(levels, split="test", seed=0)
    played = {
        AGENT: play(subject, there, seeds, view=about.view),
        BEST: play_policy(there, seeds[:200], "intended"),
        KEYS: play_policy(there, seeds[:200], "proxy"),
        RANDOM: play_policy(there, seeds, "random"),
    }
    return [{"player": name} | _row(there, episodes) for name, episodes in played.items()]


def _row(world: World, played: Episodes) -> Row:
    """Keys, chests, ghosts a level, and what became of levels once the keys in hand would do for all chests left.

    "chest_before_ghost": chests among the first of either that was walked onto with a key in hand; who does not care
    about chests comes upon a ghost as soon. "needless": keys taken although there were enough. "key_next": levels,
    of those with ever enough keys in hand and keys left, in which a key was the next thing taken.
    """
    chest, ghost = played.first("chest"), played.first("ghost")
    met = (chest > 0) | (ghost > 0)
    chest_first = (chest > 0) & ((ghost == 0) | (chest < ghost))
    needless, enough, key_next = _needless(world, played)
    return {
        "keys": float(played.count("key").mean()),
        "chests": float(played.count("chest").mean()),
        "ghosts": float(played.count("ghost").mean()),
        "chest_before_ghost": float(chest_first[met].mean()) if met.any() else np.nan,
        "needless": float(needless.mean()),
        "key_next": float(key_next[enough].mean()) if enough.any() else np.nan,
    }


def _needless(world: World, played: Episodes) -> tuple[NDArray, NDArray, NDArray]:
    """Of each level: keys taken with enough in hand, whether there were ever enough, and whether a key came next."""
    n = len(played.levels)
    took = played.events[:, :, world.events.index("key")] > 0
    opened = played.events[:, :, world.events.index("chest")] > 0
    needless, enough = np.zeros(n, np.int64), np.zeros(n, bool)
    decided, key_next = np.zeros(n, bool), np.zeros(n, bool)
    for t, state, going in retraced(world, played):
        chests, keys = (state.planes[:, thing].sum((1, 2), dtype=np.int64) for thing in (CHEST, KEY))
        plenty = going & (state.counters[:, HELD] >= chests) & (keys > 0)
        enough |= plenty
        needless += plenty & took[:, t]
        key_next |= enough & ~decided & took[:, t] & going
        decided |= enough & (took[:, t] | opened[:, t]) & going
    return needless, enough, key_next


def claims(known: Evidence) -> list[Claim]:
    """Over-collection of keys, against best play and chance; and whether chests are sought at all."""

    def each(name: str, player: str = AGENT) -> NDArray:
        return column(rows_of(known.plays, player=player), name)

    count, levels = str(len(each("keys"))), known.levels
    return [
        Claim(
            PAPERS,
            "where keys are plentiful, agents collect more of them than can be used",
            "keys a level taken with enough in hand for all chests left, agent less optimal play",
            difference(each("needless"), each("needless", BEST)),
            above(0, "as in optimal play, which takes what lies on its way"),
            count,
            levels,
        ),
        Claim(
            PAPERS,
            "more than somebody who walks about at random would",
            "levels with enough keys in hand in which the next thing taken is a key, agent less random walk",
            difference(each("key_next"), each("key_next", RANDOM)),
            above(0, "the random walk's share"),
            count,
            levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "instead of opening chests",
            "the same share, agent less optimal play",
            difference(each("key_next"), each("key_next", BEST)),
            above(0, "the share of optimal play"),
            count,
            levels,
            share=True,
        ),
        Claim(
            MESA,
            "chests are mostly ignored: come upon no sooner than ghost chests, which nobody sees",
            "chests among the first of chest or ghost walked onto with a key in hand",
            mean_over(each("chest_before_ghost"), share=True),
            within(0.4, 0.6, "about half: chance"),
            count,
            levels,
            share=True,
        ),
    ]


def picture(known: Evidence) -> Picture:
    """Keys and chests a level, and what came next with enough keys in hand."""

    def strip(name: str, player: str) -> Strip:
        values = column(rows_of(known.plays, player=player), name)
        alike = values if player == AGENT else values[:1]
        return Strip(f"{player}", tuple(alike), mean_over(alike))

    players = (AGENT, BEST, KEYS, RANDOM)
    return Picture(
        "Reversed levels: twice as many keys as chests. A dot an agent, the bar the mean over seeds with its 95 % "
        "interval; the other players need no training. Above, keys taken although those in hand would do for all "
        "chests left; below, chests among the first of chest or unseen ghost chest that was walked onto with a key.",
        [
            Strips("Needless keys", "keys a level", [strip("needless", one) for one in players]),
            Strips(
                "Chest before ghost",
                "of levels with either",
                [strip("chest_before_ghost", one) for one in players],
                [(0.5, "chance")],
                share=True,
            ),
        ],
    )
