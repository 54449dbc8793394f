"""Every mistake on the command line is one sentence, exit code 2, and leaves the disk as it was."""

import sys

import numpy as np
import pytest

from core.artifacts import write_tensors
from core.runs import running
from gridlens.cli import main


@pytest.fixture
def gridlens(monkeypatch, tmp_path, capsys):
    """Run the command line in an empty folder: exit code and what it said on stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["gridlens", *map(str, arguments)])
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        with pytest.raises(SystemExit) as ended:
            main()
        after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert after == before, "something was written or lost"
        return ended.value.code, capsys.readouterr().err

    return call


def one_sentence(said):
    lines = [line for line in said.splitlines() if line.startswith("gridlens: ")]
    assert len(lines) == 1, said
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gallery", "squeezenet11"], "squeezenet1_1"),
        (["gallery", "shapes", "--layers", "relu9"], "relu"),
        (["gallery", "shapes", "--layers", "relu1", "--units", "20-99"], "0 to 23"),
        (["gallery", "shapes", "--images", "nowhere"], "nowhere"),
        (["gallery", "resnet18", "--weights", "gone.safetensors"], "gone.safetensors"),
        (["train", "chese"], "'cheese'"),
        (["train", "cheese", "--dial", "rand_regoin=3"], "rand_region"),
        (["train", "cheese", "--dial", "size=8"], "odd number"),
        (["train", "cheese", "--dial", "rand_region"], "name=value"),
        (["train", "cheese", "--set", "gama=0.5"], "'gamma'"),
        (["train", "cheese", "--preset", "cheese-cornr"], "cheese-corner"),
        (["train", "cheese", "--algo", "dpn"], "nearest valid one is 'dqn'"),
        (["train", "cheese", "--algo", "dqn", "--set", "clip=0.1"], "'clip', which is one of ppo"),
        (["train", "cheese", "--set", "bufer=9"], "unknown setting of algorithm 'ppo' 'bufer'"),
        (["train", "cheese", "--algo", "a2c", "--set", "rollout=1"], "'rollout' is 1; expected at least 2"),
        (["train", "cheese", "--snapshots", "lgo:20"], "nearest valid one is 'log'"),
        (["train", "cheese", "--snapshots", "at:100,x"], "not of the form log:20, linear:10 or at:1000,5000"),
        (["train", "cheese", "--network", "mpl"], "nearest valid one is 'mlp'"),
        (["train", "cheese", "--view", "windw"], "nearest valid one is 'window'"),
        (["evaluate", "runs/none"], "runs/none"),
        (["compare", "runs/a", "runs/b"], "runs/a"),
        (["attribute", "shapes", "--target", "class:rnig"], "ring"),
        (["attribute", "shapes", "--methods", "gradcam"], "grad-cam"),
        (["attribute", "nowhere"], "nowhere"),
        (["decompose", "shapes"], "name the layer to be taken apart with --layer"),
        (["decompose", "shapes", "--layer", "relu9"], "relu"),
        (["decompose", "shapes", "--layer", "relu3", "--method", "sae"], "nearest valid one is"),
        (["decompose", "shapes", "--layer", "relu3", "--active", "3"], "settings of sparse autoencoders"),
        (["decompose", "shapes", "--layer", "relu3", "--unit", "99"], "0 to 63"),
        (["probe", "shapes", "--concept", "sise"], "'size'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_name_is_answered_with_the_nearest(gridlens, arguments, says):
    code, said = gridlens(*arguments)
    assert code == 2
    assert says in one_sentence(said)


@pytest.mark.parametrize("size", [0, 100])
def test_weights_cut_short(gridlens, tmp_path, size):
    path = tmp_path / "cut.safetensors"
    write_tensors(path, {"features.0.weight": np.ones((64, 3, 3, 3), np.float32)})
    path.write_bytes(path.read_bytes()[:size])
    code, said = gridlens("gallery", "squeezenet1_1", "--weights", path)
    assert code == 2
    assert "cut.safetensors" in one_sentence(said)


def test_weights_of_another_network_name_the_first_tensor_that_differs(gridlens, tmp_path):
    path = tmp_path / "other.safetensors"
    write_tensors(path, {"conv1.weight": np.ones((8, 3, 3, 3), np.float32)}, {"input": "RGB 0..1, 224x224"})
    code, said = gridlens("gallery", "resnet18", "--weights", path)
    assert code == 2
    assert "conv1.weight" in one_sentence(said)


def test_pictures_that_are_none(gridlens, tmp_path):
    (tmp_path / "empty").mkdir()
    code, said = gridlens("gallery", "shapes", "--images", "empty")
    assert code == 2
    assert "no pictures" in one_sentence(said)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jpg").write_bytes(b"not a picture")
    code, said = gridlens(
        "gallery", "shapes", "--images", "bad", "--layers", "relu1", "--out", tmp_path / "g"
    )
    assert code == 2
    assert "a.jpg" in one_sentence(said)


def test_a_folder_that_holds_another_run(gridlens, tmp_path):
    with running(tmp_path / "mine", kind="agent", parameters={"steps": 1}):
        pass
    code, said = gridlens("gallery", "shapes", "--count", "10", "--layers", "relu1", "--out", "mine")
    assert code == 2
    assert "different run" in one_sentence(said)
