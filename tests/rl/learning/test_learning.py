"""A planted training: a concept is computed from one moment on, used from a later one, and read so."""

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import BadInput, RunConflict
from envs.registry import world
from rl.agents import as_subject
from rl.learning import LearningConfig, learning, through_training

MAZE = world("cheese", size=7, rand_region=63)
STEPS = list(range(0, 1000, 100))
KNOWN, USED = 400, 700

OWN = '''
import numpy as np

def odd(world, state):
    """either there is a wall above the agent, or the cheese lies to its right, but not both"""
    rows, up = np.arange(len(state.agent)), state.agent - (1, 0)
    wall = state.planes[rows, 0, up[:, 0], up[:, 1]] > 0
    column = state.planes[:, 2].any(1).argmax(1)
    return wall != (column > state.agent[:, 1])
'''


class Planted(nn.Module):
    """Window to policy: two hidden units that make up the concept, the cheese's place carried along."""

    def __init__(self, *, knows: bool, uses: bool, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.flat, self.hidden, self.relu = nn.Flatten(), nn.Linear(162, 16), nn.ReLU()
        self.policy, self.value = nn.Linear(16, 4), nn.Linear(16, 1)
        with torch.no_grad():
            for layer in (self.hidden, self.policy, self.value):
                layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) * 0.2)
                layer.bias.zero_()
            self.hidden.weight[:2] = 0
            self.policy.weight[:, :2] = 0
            if knows:  # relu(a + b) - 2 relu(a + b - 1) is the exclusive or
                self.hidden.weight[:2, 3 * 9 + 4] = 1
                self.hidden.weight.view(16, 2, 9, 9)[:2, 1, :, 5:] = 1
                self.hidden.bias[1] = -1
            if uses:
                self.policy.weight[0, :2] = torch.tensor([4.0, -8.0])

    def forward(self, seen):
        hidden = self.relu(self.hidden(self.flat(seen)))
        return {"policy": self.policy(hidden), "value": self.value(hidden)}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "mine.py"
    path.write_text(OWN)
    return f"{path}:odd"


def training(seed):
    return {
        steps: as_subject(
            Planted(knows=steps >= KNOWN, uses=steps >= USED, seed=seed),
            MAZE,
            view="window",
            name="planted",
            heads="actor-critic",
        )
        for steps in STEPS
    }


@pytest.mark.parametrize("seed", [11, pytest.param(12, marks=pytest.mark.slow)])
def test_when_it_is_known_and_when_it_is_used_are_read(own, tmp_path, seed):
    config = LearningConfig((own, "goal row"), states=400, changed=200, levels=20, seed=seed)
    found = learning(training(seed), MAZE, tmp_path, config=config)
    odd = found.concepts[0]
    assert found.input(odd).score.estimate < 0.92
    curve = [max(one.score.estimate for one in moment if one.concept == odd) for moment in found.reads]
    assert max(curve[: STEPS.index(KNOWN)]) < 0.95
    assert min(curve[STEPS.index(KNOWN) :]) > 0.99
    learned = found.learned(odd, "relu")
    assert learned.begins.estimate == KNOWN - 100
    assert learned.ends.estimate == KNOWN
    assert learned.sudden
    used = [one.used for one in found.used(odd) if one.layer == found.best_layer(odd)]
    assert used == [steps >= USED for steps in STEPS]


def test_what_is_finished_is_read_back_and_another_run_is_refused(own, tmp_path):
    config = LearningConfig(("goal row",), states=200, changed=100, levels=20)
    agents = {steps: one for steps, one in training(3).items() if steps < 300}
    first = learning(agents, MAZE, tmp_path, config=config)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.glob("probes-*")}
    (tmp_path / "probes-0000000200.json").unlink()
    again = learning(agents, MAZE, tmp_path, config=config)
    assert [one.score for one in again.reads[2]] == [one.score for one in first.reads[2]]
    kept = [path for path in stamps if "0200" not in path.name]
    assert all(path.stat().st_mtime_ns == stamps[path] for path in kept)
    with pytest.raises(RunConflict):
        learning(agents, MAZE, tmp_path, config=LearningConfig(("goal column",), states=200))


def test_what_is_misread_is_misread_most(own, tmp_path):
    config = LearningConfig((own,), states=400, changed=100, levels=20)
    found = learning({0: training(5)[0]}, MAZE, tmp_path, config=config)
    (worst,) = found.misread
    assert len(worst.frames) == len(worst.truth) == len(worst.notation)
    assert all(truth != reading for truth, reading in zip(worst.truth, worst.reading, strict=True))
    assert np.isfinite(found.read(worst.concept, worst.layer)[0].score.estimate)


def test_too_few_states_and_an_agent_without_snapshots_are_refused(tmp_path):
    with pytest.raises(BadInput, match="at least 40"):
        learning({0: training(1)[0]}, MAZE, tmp_path, config=LearningConfig(states=20))
    assert not list(tmp_path.glob("probes-*"))
    with pytest.raises(BadInput, match="--snapshots"):
        through_training("yellow-line-0")
