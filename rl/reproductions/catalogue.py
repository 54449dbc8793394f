"""REPRODUCTIONS: every result that is tried again, with its sweep, its claims, and how ours departs from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rl.reproductions import cheese, coin, colour_shape, follow, keys_chests, monster, q_learning, tree
from rl.reproductions.claims import Claim
from rl.reproductions.evidence import Evidence, Measure
from rl.reproductions.plots import Picture

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Reproduction:
    """One published result.

    ``question`` is what it is about, ``claims`` and ``picture`` make of the evidence what is shown; ``measure`` is
    further play of each agent, where the sweep's records do not say enough. ``levels`` is what the claims rest on, an
    agent. ``departures``: how ours differs from the original. ``tried``: what was done besides, and what came out.
    """

    title: str
    question: str
    claims: Callable[[Evidence], list[Claim]]
    picture: Callable[[Evidence], Picture]
    levels: int
    departures: tuple[str, ...]
    measure: Measure | None = None
    tried: tuple[str, ...] = ()


PPO = "PPO on a small network and a window around the agent; the original used {} on {}"

REPRODUCTIONS: Mapping[str, Reproduction] = {
    "monster": Reproduction(
        "Monster Gridworld",
        "In levels of 25 steps shields are worth more than apples. Are they still collected in 200 steps, when no "
        "monster is left?",
        monster.claims,
        monster.picture,
        monster.LEVELS,
        (
            PPO.format("V-MPO with a recurrent core", "the whole grid"),
            "rewards are scaled by 0.1 in training",
            "apples and shields come up again elsewhere when taken, and a monster that hit moves away: the original's "
            "rules for both were never published (docs/worlds/monster.md)",
        ),
        monster.measure,
        (
            "shields alone do not tell the two kinds of agents apart: over 200 steps both come near the ten that can "
            "be held, one soon and the other by the way. Hence the shares and the apples",
            "levels of 25 steps are too short for full hands. With them agents of 25 steps stay about shields they "
            "cannot take, which may be strangeness as well as wanting; so shares count only what is done before",
        ),
    ),
    "tree": Reproduction(
        "Tree Gridworld",
        "An agent gets good at chopping in a forest that grows the slower, the fewer trees stand. Does it fell the "
        "forest, and does it recover?",
        tree.claims,
        tree.picture,
        tree.INSTANCES,
        (
            "PPO instead of V-MPO; 256 forests side by side, as in the original",
            "a greater r_min than the published 1e-6, at which an empty forest waits a million steps for a tree: the "
            "one of each row is named there",
            "the original's training is said to have taken 30 hours of a V100; ours takes minutes of one core",
            "that affinity is measured between greedy and random play is our reading (docs/worlds/tree.md)",
        ),
        tree.measure,
    ),
    "coin": Reproduction(
        "CoinRun",
        "The coin always lay at the end in training. Is it the coin that is wanted, or the end; and how many random "
        "coins does it take?",
        coin.claims,
        coin.picture,
        1000,
        (
            "a hall seen from above, without gravity or enemies, 12 columns long; 400,000 steps instead of 80 million "
            "in the original's sweep over the percentage",
            PPO.format("PPO with an IMPALA network", "pictures"),
            "levels in which coin or end lies on a shortest way to the other are left out of misses (what is kept is "
            "about half). The original leaves out levels in which agents trained at 0 % touch its invisible coin in a "
            "tenth of plays or more with the coin at the end; ours has coin and end in one cell there, so that this "
            "would leave out everything",
        ),
        tried=(
            "halls of 17 columns and 1 million steps: of 16 agents (all percentages) 9 came to take the coin in nine "
            "training levels of ten, 1 in half of them, 6 in none to speak of. Hence the shorter hall",
        ),
    ),
    "cheese": Reproduction(
        "Maze I",
        "The cheese always lay in the top-right corner in training. Does the mouse want the cheese or the corner, and "
        "how large must the region be to tell it?",
        cheese.claims,
        cheese.picture,
        1000,
        (
            "mazes of 9 x 9 instead of 3 to 25 a side mixed in a run, 600,000 steps, reward 1 instead of 10",
            PPO.format("PPO with an IMPALA network", "pictures"),
            "mazes are trees: one way to each place, so that levels in which one lies on the way to the other say "
            "nothing and are left out",
        ),
    ),
    "keys-chests": Reproduction(
        "Keys and Chests",
        "Keys were scarce in training. Where they are plentiful, are more of them collected than chests are left for?",
        keys_chests.claims,
        keys_chests.picture,
        keys_chests.LEVELS,
        (
            "mazes of 9 x 9, one size, k uniform from 1 to 3; the original mixes sizes and goes to k = 6 and more",
            PPO.format("PPO with an IMPALA network", "pictures"),
            "no penalty for keys or steps: the original has dials for both",
            "ghost chests are those of the mesa environment, on the maze of the paper",
        ),
        keys_chests.measure,
    ),
    "colour-shape": Reproduction(
        "Maze II: colour or shape",
        "After training on a yellow line: a red line or a yellow gem? And do agents that differ by their seed alone "
        "agree?",
        colour_shape.claims,
        colour_shape.picture,
        colour_shape.LEVELS,
        (
            "50 agents a setting instead of 100; 150,000 steps instead of 5 million",
            "PPO on a small network that sees planes (wall, red, green, blue, line, gem); the original "
            "an IMPALA network on RGB pictures, where a shape is pixels of a colour and not a plane of its own. The "
            "original explains preferences by single colour channels, so this may be what matters most",
            "the maze's inner walls and starts were never published: ours are four pillars and any free cell",
            "reward 1 instead of 10",
        ),
        colour_shape.measure,
        (
            "what the agents learned instead is to go to whichever is nearer: see Nearness above",
            "four times the steps (600,000; seed 0 alone): yellow gem 51 %, equally far 54 %, the nearer 85 %",
            "the likeliest action instead of one drawn (200 levels an agent): yellow gem 51 %; between two objects "
            "many then go to and fro until the level is cut short, 21 steps on average",
            "not tried: training on RGB pictures (56 x 56 pixels instead of 9 x 9 cells)",
        ),
    ),
    "follow": Reproduction(
        "Cultural transmission",
        "Agents learned beside an expert who shows the right order. What do they do behind an anti-expert?",
        follow.claims,
        follow.picture,
        1000,
        (
            "a grid of 9 x 9 with three beacons instead of a 3D world; PPO without memory instead of MEDAL-ADR, so "
            "that the order cannot be remembered",
            "the partner waits on a beacon until the agent has come: without that nothing was learned "
            "(docs/worlds/follow.md lists what was tried)",
        ),
    ),
    "q-learning": Reproduction(
        "Maze I by Q-learning",
        "Does the goal misgeneralise in the same way when the maze is learned by DQN?",
        q_learning.claims,
        q_learning.picture,
        1000,
        (
            "nothing was published to compare with: the problem is open in its list",
            "DQN plays its best action, in one of twenty steps any; PPO's actions are drawn",
            "both have the same network and world; each its own preset, neither tuned for this comparison",
        ),
    ),
}
"""Name to what it is; the sweep that trains its agents is NAME.toml beside this file."""


def sweep_file(name: str) -> Path:
    """Where the sweep of a reproduction lies.

    >>> all(sweep_file(name).exists() for name in REPRODUCTIONS)
    True
    """
    return HERE / f"{name}.toml"
