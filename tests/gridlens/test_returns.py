"""``gridlens evaluate agent.zip --world ID``: the table, the CSV beside it, and mistakes in one sentence."""

import pytest
from stable_baselines3 import DQN, PPO

from core.artifacts import read_csv


def test_returns_of_two_agents_side_by_side(gridlens, tmp_path):
    PPO("MlpPolicy", "CartPole-v1", seed=0).save("p.zip")
    DQN("MlpPolicy", "CartPole-v1", seed=0, buffer_size=50).save("q.zip")
    code, said = gridlens(
        *("evaluate", "p.zip", "q.zip", "--world", "CartPole-v1"), *("--episodes", 3, "--out", "table.csv")
    )
    assert code == 0, said.err
    rows = read_csv(tmp_path / "table.csv")
    assert [(row["agent"], row["algorithm"], row["actions"]) for row in rows] == [
        ("p", "PPO", "greedy"),
        ("p", "PPO", "sampled"),
        ("q", "DQN", "greedy"),
    ]
    for row in rows:
        mean, low, high = (float(part.strip("[],")) for part in row["return"].split())
        assert low <= mean <= high
        assert mean == pytest.approx(float(row["steps"]), abs=0.1)  # CartPole pays 1 a step
        assert row["return"] in said.out


def test_mistakes_are_one_sentence(gridlens, tmp_path):
    PPO("MlpPolicy", "CartPole-v1", seed=0).save("p.zip")
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.zip").write_text("no zip")
    for arguments, expected in {
        ("p.zip",): "--world",
        ("p.zip", "--world", "CartPoll-v1"): "'CartPole-v1'",
        ("p.zip", "--world", "Acrobot-v1"): "(4,), but Acrobot-v1 gives (6,)",
        ("p.zip", "folder", "--world", "CartPole-v1"): "agent folder",
        ("text.zip", "--world", "CartPole-v1"): "not a zip",
        ("gone.zip", "--world", "CartPole-v1"): "gone.zip",
    }.items():
        code, said = gridlens("evaluate", *arguments)
        assert code == 2
        assert said.err.startswith("gridlens: ")
        assert said.err.count("\n") == 1
        assert expected in said.err
