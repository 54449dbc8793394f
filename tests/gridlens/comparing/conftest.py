"""Folders of small agents whose difference is planted: an untrained network, with a leaning of its own."""

import pytest

from core.artifacts import write_csv, write_tensors
from core.runs import running
from envs.observations import observation_shape
from envs.registry import world
from rl.agents import POLICY, SNAPSHOTS, describe
from rl.networks import build

MAZE = {"size": 7, "limit": 20}


def agent_folder(folder, *, seed, lean=None, steps=100, snapshots=(), dials=None, **parameters):
    """An agent that nobody trained; ``lean`` is the action it mostly takes."""
    dials = {"rand_region": 1, **MAZE, **(dials or {})}
    maze = world("cheese", **dials)
    network = build("mlp", shape=observation_shape(maze, "window"), actions=4, seed=seed)
    if lean is not None:
        network.state_dict()["policy.bias"][lean] += 4.0
    asked = {"world": "cheese", "dials": dials, "steps": steps, **parameters}
    with running(folder, kind="agent", parameters=asked, seeds={"train": seed}):
        describe(folder, network, world=maze, view="window", name="mlp")
        write_tensors(folder / POLICY, network.state_dict())
        for step in snapshots:
            other = build("mlp", shape=observation_shape(maze, "window"), actions=4, seed=100 + step)
            write_tensors(folder / SNAPSHOTS / f"{step:010}.safetensors", other.state_dict())
        write_csv(
            folder / "curve.csv", [{"steps": 0, "heldout_goal": 0.1}, {"steps": steps, "heldout_goal": 0.5}]
        )
    return folder


@pytest.fixture(scope="module")
def few_concepts():
    """Two concepts are enough for tests, and a fifth of the time."""
    with pytest.MonkeyPatch.context() as patched:
        for module in ("rl.study", "gridlens.comparing.populations.measuring"):
            patched.setattr(f"{module}.told_by", lambda world: ("steps to goal", "turn to proxy"))
        yield


@pytest.fixture(scope="session")
def made_agent():
    """The function above."""
    return agent_folder


@pytest.fixture
def made_sweep():
    """A finished sweep: recipe (its rand_region) to the leanings of its agents, one a seed."""

    def made(folder, recipes):
        with running(folder, kind="sweep", parameters={"name": folder.name}):
            for region, leanings in recipes.items():
                for seed, lean in enumerate(leanings):
                    name = f"cheese-rand_region={region}-ppo-seed{seed}"
                    place = folder / "agents" / name
                    agent_folder(place, seed=10 * region + seed, lean=lean, dials={"rand_region": region})
        return folder

    return made
