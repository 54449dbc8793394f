"""Galleries of agents: a planted unit that wants the cheese at one place is shown with exactly that, found and made."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from core.artifacts import read_json
from core.errors import BadInput
from envs.pictures.rendering import tiles
from envs.registry import world as make_world
from gridlens.agent_galleries import CELL, states
from gridlens.galleries import gallery
from gridlens.opened import Opened, open_subject
from rl.agents import AgentInfo, as_subject

UP, RIGHT = 2, 1
"""Where the planted unit wants the cheese, seen from the agent."""


class Planted(nn.Module):
    """Moves up where the cheese lies at one place of its window (13 cells a side), else left."""

    def __init__(self) -> None:
        super().__init__()
        self.unit, self.act = nn.Linear(2 * 13 * 13, 2), nn.ReLU()
        with torch.no_grad():
            self.unit.weight.zero_()
            self.unit.weight.view(2, 2, 13, 13)[0, 1, 6 - UP, 6 + RIGHT] = 4.0
            self.unit.weight.view(2, 2, 13, 13)[1, 0, 6, 5] = 1.0
            self.unit.bias.zero_()
        self.outputs = ("policy", "value")

    def forward(self, seen: torch.Tensor) -> dict[str, torch.Tensor]:
        fired = self.act(self.unit(seen.flatten(1)))
        policy = torch.stack([fired[:, 0], 0 * fired[:, 0], fired[:, 1] + 0.5, 0 * fired[:, 0]], 1)
        return {"policy": policy, "value": fired[:, :1]}


@pytest.fixture(scope="module")
def agent():
    maze = make_world("cheese", size=9, rand_region=63)
    subject = as_subject(Planted(), maze, view="window", name="planted", heads="actor-critic")
    return Opened(subject, AgentInfo("planted", maze, "window", "mlp"))


@pytest.fixture(scope="module")
def folder(agent, tmp_path_factory):
    out = tmp_path_factory.mktemp("gallery") / "run"
    gallery(agent, layers="act", count=600, views="positive,free", steps=24, out=out)
    return out


def test_the_exemplars_have_the_thing_at_its_place(agent, folder):
    unit = read_json(folder / "layers" / "act.json")["units"][0]
    seen = states(agent.subject, agent.agent, 600)
    firing = [one for one in unit["top"] if one["activation"] > 0]
    assert firing
    assert all(seen.images[one["index"], 1, 6 - UP, 6 + RIGHT] == 1 for one in firing)
    assert {one["label"] for one in firing} == {"up"}
    kinds = {name.split(",")[0] for name in seen.names}
    assert kinds == {"own world", "goal and proxy apart", "met in play"}


def test_the_made_picture_shows_the_cheese_there_and_else_bare_cells(agent, folder):
    unit = read_json(folder / "layers" / "act.json")["units"][0]
    assert unit["reached"] == pytest.approx(4.0)
    assert unit["scores"]["multiple"] == pytest.approx(1.0)
    pixels = np.asarray(Image.open(folder / unit["picture"]).convert("RGB")).astype(float)
    cells = pixels.reshape(13, CELL, 13, CELL, 3).transpose(0, 2, 1, 3, 4)
    floor, cheese, mouse = (
        tiles(agent.agent.world, CELL)[number].transpose(1, 2, 0).astype(float) for number in (0, 3, 2)
    )
    for row, column in np.ndindex(13, 13):
        wanted = (
            cheese if (row, column) == (6 - UP, 6 + RIGHT) else mouse if (row, column) == (6, 6) else floor
        )
        others = [tile for tile in (floor, cheese, mouse) if tile is not wanted]
        away = [np.abs(cells[row, column] - tile).mean() for tile in (wanted, *others)]
        assert away[0] == min(away)


def test_pages_speak_of_states_and_cells(folder):
    page = (folder / "units" / "act" / "0000.html").read_text()
    assert "600 states" in page
    assert "real image" not in page
    assert "What the agent does when it fires" in page
    assert "the mixture before it reached" in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"images": "somewhere"}, "shown states"),
        ({"engine": "lucent"}, "for classifiers"),
        ({"recipe": "cppn"}, "'default'"),
        ({"count": 2}, "at least 3"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(agent, tmp_path, asked, said):
    with pytest.raises(BadInput, match=said):
        gallery(agent, out=tmp_path / "run", **asked)
    assert not (tmp_path / "run").exists()


def test_an_agent_without_its_world_is_refused(agent, tmp_path):
    with pytest.raises(BadInput, match="world is not known"):
        gallery(agent.subject, out=tmp_path / "run")


def test_an_agent_that_sees_pictures_gets_pictures(tmp_path):
    found = open_subject("cheese-corner")
    maze = make_world("cheese", size=5)
    from rl.networks import build

    network = build("mlp", shape=(3, 40, 40), actions=4, seed=0)
    subject = as_subject(network, maze, view="rgb", name="seer")
    made = gallery(
        Opened(subject, AgentInfo("seer", maze, "rgb", "mlp")),
        layers="policy",
        units="0",
        views="positive",
        steps=2,
        count=30,
        out=tmp_path / "run",
    )
    assert next(made.units)["picture"]
    assert found.agent is not None
