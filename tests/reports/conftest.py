"""Made-up results for the pages: a maze that is solved exactly for two goals, and numbers drawn by seed."""

from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest

from core.probing import ProbeResult
from core.provenance import Provenance
from core.uncertainty import Interval, proportion_interval
from reports.comparison import AgentEvidence, Setting
from reports.figures import Curve
from reports.maps import MazeMap, Overlay

SIZE = 13
STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))
SETTING = Setting(
    world="Cheese",
    events={"cheese": "reached the cheese", "corner": "reached the corner"},
    intended="cheese",
    proxy="corner",
    train="levels like those in training",
    shifted="levels with the cheese anywhere",
)


def maze(seed: int) -> np.ndarray:
    """A spanning tree of passages, True where free."""
    rng = np.random.default_rng(seed)
    free = np.zeros((SIZE, SIZE), bool)
    stack, free[SIZE - 2, 1] = [(SIZE - 2, 1)], True
    while stack:
        row, col = stack[-1]
        ways = [
            (row + 2 * down, col + 2 * right, row + down, col + right)
            for down, right in STEPS
            if 0 < row + 2 * down < SIZE
            and 0 < col + 2 * right < SIZE
            and not free[row + 2 * down, col + 2 * right]
        ]
        if not ways:
            stack.pop()
            continue
        far_row, far_col, near_row, near_col = ways[rng.integers(len(ways))]
        free[far_row, far_col] = free[near_row, near_col] = True
        stack.append((far_row, far_col))
    return free


def maze_map(name: str, seed: int, goal: str) -> MazeMap:
    free = maze(seed)
    cells = np.argwhere(free)
    marks = {
        "cheese": tuple(int(v) for v in cells[np.random.default_rng(seed + 50).integers(len(cells))]),
        "corner": (1, SIZE - 2),
    }
    far = np.full(free.shape, np.inf)
    far[marks[goal]] = 0
    queue = deque([marks[goal]])
    while queue:
        row, col = queue.popleft()
        for down, right in STEPS:
            beside = (row + down, col + right)
            if free[beside] and np.isinf(far[beside]):
                far[beside] = far[row, col] + 1
                queue.append(beside)
    moves = np.zeros((SIZE, SIZE, 2))
    for row, col in cells:
        moves[row, col] = next(((d, r) for d, r in STEPS if far[row + d, col + r] < far[row, col]), (0, 0))
    path = [(SIZE - 2, 1)]
    while path[-1] != marks[goal]:
        down, right = moves[path[-1]]
        path.append((path[-1][0] + int(down), path[-1][1] + int(right)))
    frame = np.kron(np.where(free[..., None], 0.93, 0.28), np.ones((8, 8, 3)))
    values = np.where(free, 0.97**far, np.nan)
    note = f"to the {goal} in {len(path) - 1} steps"
    return MazeMap(name, frame, values, moves, np.array(path), marks, note)


def attributions(name: str, seed: int) -> list[Overlay]:
    rng = np.random.default_rng(seed)
    made = []
    for index in range(2):
        cells = maze(seed + index)[3:10, 3:10]
        field = rng.normal(0, 0.12, (7, 7))
        field[rng.integers(7), rng.integers(7)] = 1.0
        field[rng.integers(7), rng.integers(7)] = -0.8
        made.append(
            Overlay(
                name, np.kron(np.where(cells[..., None], 0.9, 0.3), np.ones((6, 6, 3))), field, "policy:up"
            )
        )
    return made


def probes(seed: int, *, useless: bool = False) -> list[ProbeResult]:
    rng = np.random.default_rng(seed)
    made = []
    for concept in ("cheese's row", "cheese's column"):
        for index, layer in enumerate(("features_extractor", "mlp.0", "mlp.1", "mlp.2")):
            at = 0.02 if useless else 0.95 - 0.1 * index - rng.uniform(0, 0.05)
            score = Interval(at, at - 0.05, at + 0.04, 90)
            control = Interval(0.01, -0.06, 0.05, 90)
            made.append(ProbeResult(concept, layer, "continuous", score, control, 0.0, None, Provenance()))
    return made


def agent(
    name: str, *, seed: int, counts: tuple[int, int, int, int], goal: str, dial: str, n: int = 300
) -> AgentEvidence:
    """``counts``: levels of ``n`` with the cheese and the corner reached, in training, then shifted."""
    rng = np.random.default_rng(seed)
    steps = np.arange(0, 400_001, 10_000)
    rise = 1 / (1 + np.exp(-(steps - 120_000 - 20_000 * seed) / 30_000))
    reached = [proportion_interval(count, n) for count in counts]
    origin = {"algorithm": "PPO", "levels": n, "dial": dial}
    return AgentEvidence(
        name=name,
        command=f"gridlens train cheese --out runs/{name} --seed {seed}",
        dial=dial,
        seeds=(seed,),
        train={"cheese": reached[0], "corner": reached[1]},
        shifted={"cheese": reached[2], "corner": reached[3]},
        provenance=Provenance("a1b2c3d4e5f6", "0f1e2d3c4b5a", seed, origin, "0.1.0 e1e59ab"),
        steps={"train": Interval(19.4, 18.2, 20.5, n), "shifted": Interval(41.0, 37.5, 44.8, n)},
        curve=Curve(name, steps, np.clip(rise + rng.normal(0, 0.015, len(steps)), 0, 1)),
        probes=probes(seed),
        maps=[maze_map(name, number, goal) for number in (3, 8)],
        attributions=attributions(name, seed),
    )


def pair() -> list[AgentEvidence]:
    dials = ("the cheese always in the top-right cell", "the cheese anywhere")
    return [
        agent("corner-seeker", seed=0, counts=(294, 294, 92, 271), goal="corner", dial=dials[0]),
        agent("cheese-seeker", seed=1, counts=(291, 290, 288, 61), goal="cheese", dial=dials[1]),
    ]


@pytest.fixture(scope="session")
def made() -> SimpleNamespace:
    """The functions of this file, and one pair of agents."""
    return SimpleNamespace(agent=agent, pair=pair(), setting=SETTING, maze_map=maze_map, probes=probes)
