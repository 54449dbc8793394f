"""Made-up results for the pages: a maze that is solved exactly for two goals, and numbers drawn by seed."""

from collections import deque
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from core.artifacts import write_json
from core.paired import paired
from core.probing import ProbeResult
from core.provenance import Provenance
from core.uncertainty import Interval, proportion_interval
from feature_viz.gallery.summary import summary
from feature_viz.gallery.unit_table import write_units
from reports.comparing.agents.evidence import AgentEvidence, Evidence, PairEvidence, Setting
from reports.comparing.agents.states import Apart, Side
from reports.comparing.correction import Tested, corrected
from reports.figures import Curve
from reports.maps import MazeMap

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


def probes(seed: int, *, useless: bool = False) -> list[ProbeResult]:
    rng = np.random.default_rng(seed)
    made = []
    for concept in ("cheese's row", "cheese's column"):
        for index, layer in enumerate(("features_extractor", "mlp.0", "mlp.1", "mlp.2")):
            at = 0.02 if useless else 0.95 - 0.1 * index - rng.uniform(0, 0.05)
            score = Interval(at, at - 0.05, at + 0.04, 90)
            control = Interval(0.01, -0.06, 0.05, 90)
            made.append(ProbeResult(concept, layer, "continuous", score, control, 0.0, (), Provenance()))
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
    )


def pair() -> list[AgentEvidence]:
    dials = ("the cheese always in the top-right cell", "the cheese anywhere")
    return [
        agent("corner-seeker", seed=0, counts=(294, 294, 92, 271), goal="corner", dial=dials[0]),
        agent("cheese-seeker", seed=1, counts=(291, 290, 288, 61), goal="cheese", dial=dials[1]),
    ]


def state_apart(names: Sequence[str], seed: int) -> Apart:
    rng = np.random.default_rng(seed)
    picture = np.kron(np.where(maze(seed)[..., None], 0.9, 0.3), np.ones((6, 6, 3)))
    sides = [
        Side(name, np.roll([0.94, 0.02, 0.02, 0.02], place), picture, rng.normal(0, 0.3, (SIZE, SIZE)))
        for place, name in enumerate(names)
    ]
    return Apart(picture, ("up", "down", "left", "right"), 0.92, bool(seed % 2), seed, (sides[0], sides[1]))


def compared(agents: Sequence[AgentEvidence], setting: Setting = SETTING, **changes: Any) -> Evidence:
    """Agents as compared by the page: tests from levels that give their numbers."""
    tests = []
    for key in (setting.intended, setting.proxy):
        for split in ("shifted", "train"):
            sides = [getattr(agent, split)[key] for agent in agents[:2]]
            levels = [np.arange(side.n) < round(side.estimate * side.n) for side in sides]
            said = f"{setting.events[key]}, {'training' if split == 'train' else split}"
            values = (sides[0].estimate, sides[1].estimate)
            names = [agent.name for agent in agents[:2]]
            tests.append(
                Tested(said, names[0], names[-1], values, paired(*(level.astype(float) for level in levels)))
            )
    names = [agent.name for agent in agents]
    half = Interval(0.5, 0.4, 0.6, 99)
    pair = PairEvidence(
        names[0], names[-1], half, half, half, states=[state_apart(names[:2], n) for n in (3, 8)]
    )
    return Evidence(
        **{
            "agents": agents,
            "pairs": [pair] if len(set(names)) > 1 else [],
            "setting": setting,
            "tests": corrected(tests),
            "method": "integrated-gradients",
            "states": (1000, 1000),
        }
        | changes
    )


def gabor(seed: int, size: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    angle, wave = rng.uniform(0, np.pi), rng.uniform(5, 14)
    row, col = np.mgrid[:size, :size] - size / 2
    stripe = np.cos((row * np.sin(angle) + col * np.cos(angle)) * 2 * np.pi / wave)
    tint = rng.uniform(-0.45, 0.45, 3)
    return np.clip(0.5 + stripe[..., None] * tint + rng.normal(0, 0.03, (size, size, 3)), 0, 1)


def write_image(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((pixels * 255).astype(np.uint8)).save(path, "webp", quality=80)


def seen_image(label: str | None, rank: int, activation: float, rng: np.random.Generator) -> dict[str, Any]:
    """One entry of a UNIT's top, bottom or range."""
    named = {"index": rank * 7, "name": f"folder/photo {rank}.jpg", "label": label and f"{label} {rank}"}
    box = [0.25, float(rng.uniform(0, 0.5)), 0.5, 0.5]
    return named | {"activation": activation, "row": 3, "column": 4, "box": box}


def unit_entry(folder: Path, layer: str, channel: int, label: str | None) -> dict[str, Any]:
    """One UNIT of the gallery document, its pictures and its strips written."""
    rng = np.random.default_rng(channel)
    place, best = f"{quote(layer, safe='')}/{channel:04d}", float(rng.uniform(5, 40))
    reached, mean = best * float(rng.uniform(0.8, 3)), best / 4
    fired, views = channel != 5, {}
    for name, count in (("positive", 1), ("seed", 1), ("negative", 1), ("diverse", 4)):
        path = f"pictures/{place}{'' if name == 'positive' else '-' + name}.webp"
        write_image(
            folder / path, np.concatenate([gabor(channel + 50 * view, 96) for view in range(count)], 1)
        )
        views[name] = {
            "picture": path,
            "count": count,
            "objective": reached / 2,
            "reached": reached,
            "fired": fired,
        }
    for ending in ("", "-range"):
        crops = [gabor(channel * 10 + rank, 72) * 0.5 + gabor(channel, 72) * 0.5 for rank in range(9)]
        write_image(folder / f"examples/{place}{ending}.webp", np.concatenate(crops, 1))
    return {
        "unit": f"{layer}:{channel}",
        "layer": layer,
        "channel": channel,
        "picture": views["positive"]["picture"],
        "objective": reached / 2,
        "reached": reached,
        "fired": fired,
        "best": best,
        "mean": mean,
        "sd": best / 3,
        "firing": 0.4,
        "strip": f"examples/{place}.webp",
        "range_strip": f"examples/{place}-range.webp",
        "cell": 72,
        "top": [seen_image(label, rank, best * 0.95**rank, rng) for rank in range(9)],
        "bottom": [seen_image(label, rank, 0.0, rng) for rank in range(3)],
        "range": [seen_image(label, rank, best * rank / 6, rng) for rank in range(6)],
        "histogram": {"low": 0.0, "width": best / 8, "counts": [300, 120, 40, 20, 0, 11, 5, 4]},
        "classes": [{"label": f"{label} {n}", "mean": best / (n + 1), "count": 3} for n in range(5)]
        if label
        else [],
        "wires": {
            "in": [{"unit": f"{layer}:{n}", "weight": 0.5 - n / 4} for n in range(3)],
            "out": [{"unit": "elsewhere:7", "weight": -0.25}],
        },
        "why": None,
        "views": views,
        "scores": {
            "multiple": reached / best if channel != 3 else None,
            "sds": (reached - mean) / best * 3,
            "survival": 0.8,
            "agreement": None,
        },
    }


def gallery_folder(
    folder: Path, *, layers: Mapping[str, int], label: str | None = "tabby", name: str = "made up"
) -> Path:
    """A folder as a finished gallery leaves it, but for its pages; ``layers``: name to number of units."""
    whole = []
    for layer, count in layers.items():
        units = [unit_entry(folder, layer, channel, label) for channel in range(count)]
        about = {
            "name": layer,
            "kind": "Fire",
            "channels": count,
            "map": [55, 55],
            "field": [15, 15],
            "size": 96,
        }
        about |= {"views": list(units[0]["views"]), "skipped": []}
        whole.append(about | summary(units) | {"units": units})
    return write_documents(folder, whole, name=name)


def write_documents(folder: Path, layers: Sequence[Mapping[str, Any]], *, name: str = "made up") -> Path:
    """gallery.json, layers/LAYER.json and manifest.json of some LAYERs."""
    document = {
        "schema": "gridlens.gallery/2",
        "subject": {"name": name, "fingerprint": "a1b2c3d4e5f6", "input": [3, 224, 224]},
        "images": {"count": 500, "fingerprint": "0f1e2d3c4b5a", "skipped": {"bad.jpg": "cut short"}},
        "render": {
            "steps": 96,
            "seed": 0,
            "recipe": "fourier, 96 steps",
            "engine": "gridlens",
            "judge": None,
        },
        "layers": [{key: value for key, value in layer.items() if key != "units"} for layer in layers],
        "waiting": [],
    }
    manifest = {
        "command": "gridlens gallery made-up",
        "code": "0.1.0 e1e59ab",
        "versions": {"torch": "2.11.0"},
    }
    manifest |= {
        "state": "finished",
        "start": "2025-01-01T10:00:00",
        "end": "2025-01-01T10:04:00",
        "resumed": 0,
    }
    write_units(folder / "units.csv", layers)
    for layer in layers:
        write_json(folder / "layers" / f"{quote(layer['name'], safe='')}.json", layer)
    for file, content in (("gallery.json", document), ("manifest.json", manifest)):
        write_json(folder / file, content)
    return folder


@pytest.fixture(scope="session")
def made() -> SimpleNamespace:
    """The functions of this file, and one pair of agents."""
    return SimpleNamespace(
        agent=agent,
        pair=pair(),
        compared=compared,
        setting=SETTING,
        maze_map=maze_map,
        probes=probes,
        gallery=gallery_folder,
        documents=write_documents,
    )


class Seen(HTMLParser):
    """A page as a reader's program sees it: elements with their attributes, and the text outside of style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._hidden = tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += data.replace("\xa0", " ")

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def addresses(self) -> list[str]:
        names = ("src", "href", "poster", "data", "action", "srcset")
        return [
            value or ""
            for _, attributes in self.elements
            for name, value in attributes.items()
            if name in names
        ]


@pytest.fixture(scope="session")
def seen() -> type[Seen]:
    return Seen
