"""The gymnasium and SB3 coats: both libraries' checkers, and agreement with the engine step for step."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as gymnasium_check
from stable_baselines3.common.env_checker import check_env as sb3_check

from core.errors import BadInput, UnknownName
from envs import engine, registry, single, vector
from envs.randomness import streams

MAZE = registry.world("cheese", size=5, rand_region=63, limit=15)


def actions_for(steps: int, n: int) -> np.ndarray:
    return (streams(11, steps * n) % np.uint64(4)).reshape(steps, n).astype(np.int64)


@pytest.mark.parametrize("view", ["grid", "window", "rgb"])
@pytest.mark.parametrize("identifier", registry.IDS)
def test_both_checkers_pass(identifier, view):
    registry.register_envs()
    with warnings.catch_warnings():
        # SB3 remarks that planes of 0 and 1 are no pictures of 0 to 255, which is so.
        warnings.filterwarnings("ignore", message=".*(seems that your observation|minimal resolution).*")
        warnings.filterwarnings("error", module="gymnasium")
        gymnasium_check(gymnasium.make(identifier, view=view, render_mode="rgb_array").unwrapped)
        sb3_check(gymnasium.make(identifier, view=view), skip_render_check=False)


def test_single_is_a_batch_of_one():
    env = single.SingleEnv(MAZE, view="grid", render_mode="ansi")
    observation, info = env.reset(options={"level": 12})
    assert info == {"level": 12}
    assert np.array_equal(observation, engine.reset(MAZE, [12]).planes[0])
    ended = False
    for action in actions_for(15, 1)[:, 0]:
        observation, reward, terminated, truncated, info = env.step(action)
        assert reward == info.get("events", {}).get("cheese", 0)
        ended = terminated or truncated
        if ended:
            break
    assert ended
    assert info["performance"] == info["tally"].get("cheese", 0)
    assert info["level"] == 12
    assert "@" in env.render()
    with pytest.raises(BadInput, match=r"call reset\(\) first"):
        env.step(np.int64(0))


def test_human_mode_writes_to_the_terminal(capsys):
    env = single.SingleEnv(MAZE, render_mode="human")
    env.reset(seed=0)
    assert "@" in capsys.readouterr().out
    with pytest.raises(BadInput, match="render_mode 'film'"):
        single.SingleEnv(MAZE, render_mode="film")


def test_seeds_give_sequences_of_levels():
    env = single.SingleEnv(MAZE, split="test")
    first = [env.reset(seed=5)[1]["level"], env.reset()[1]["level"]]
    assert first == [env.reset(seed=5)[1]["level"], env.reset()[1]["level"]]
    assert first[0] != first[1]
    assert min(first) >= engine.SPLITS["test"][0]


def test_sb3_vec_agrees_with_the_engine():
    n = 32
    env = vector.make_vec(MAZE, n, seed=4, split="test", view="window")
    words = streams(4, n)
    state = engine.reset(MAZE, engine.level_seeds("test", words), streams=words)
    assert np.array_equal(env.reset(), engine.observe(MAZE, state, "window"))
    totals = np.zeros(2, int)
    for actions in actions_for(100, n):
        observation, reward, done, infos = env.step(actions)
        played = engine.step(MAZE, state, actions)
        totals += played.events.sum(axis=0, dtype=int)
        assert np.array_equal(observation, engine.observe(MAZE, state, "window"))
        assert np.array_equal(reward, played.reward)
        assert np.array_equal(np.flatnonzero(done), played.ended)
        for i, info in enumerate(infos):
            assert bool(info) == bool(played.events[i].any() or done[i])
        for k, i in enumerate(played.ended):
            last = engine.take(played.final, [k])
            assert np.array_equal(infos[i]["terminal_observation"], engine.observe(MAZE, last, "window")[0])
            assert infos[i]["TimeLimit.truncated"] == played.truncated[i]
            assert infos[i]["episode"]["l"] == last.clock[0]
            assert infos[i]["episode"]["r"] == infos[i]["performance"] == last.tally[0, 0]
    assert env.totals == {
        "cheese": totals[0],
        "corner": totals[1],
        "levels": env.totals["levels"],
        "steps": 3200,
    }
    assert totals.min() > 0


def test_observations_may_be_kept():
    env = vector.make_vec(MAZE, 8, seed=0)
    first = env.reset()
    kept = first.copy()
    for actions in actions_for(30, 8):
        env.step(actions)
    assert np.array_equal(first, kept)


def test_an_info_written_into_does_not_come_back():
    env = vector.make_vec(MAZE, 4, seed=0)
    env.reset()
    for _ in range(30):
        _, _, _, infos = env.step(np.zeros(4, np.int64))
        assert not any("mine" in info for info in infos)
        kept = [dict(info) for info in infos]
        for info in infos:
            info["mine"] = 1
        assert [{k: v for k, v in info.items() if k != "mine"} for info in infos] == kept


def test_vec_reset_and_seed_repeat():
    env = vector.make_vec(MAZE, 8, seed=1)
    one = env.reset()
    env.seed(2)
    other = env.reset()
    env.seed(1)
    assert np.array_equal(env.reset(), one)
    assert not np.array_equal(one, other)


def test_vec_refusals():
    with pytest.raises(BadInput, match="at least one instance"):
        vector.make_vec(MAZE, 0, seed=0)
    with pytest.raises(UnknownName, match="unknown split"):
        vector.make_vec(MAZE, 1, seed=0, split="tset")
    env = vector.make_vec(MAZE, 2, seed=0)
    with pytest.raises(BadInput, match="cannot set 'limit'"):
        env.set_attr("limit", 3)
    assert env.get_attr("view") == ["window", "window"]
    assert env.get_images()[1].shape == (120, 120, 3)


def test_ppo_learns_the_smallest_maze():
    """An oracle for the whole chain: the four mazes of 2 rooms by 2 are learnt in a few thousand steps."""
    from stable_baselines3 import PPO

    maze = registry.world("cheese", size=5, limit=30)
    env = vector.make_vec(maze, 64, seed=0, view="grid")
    model = PPO(
        "MlpPolicy",
        env,
        n_steps=16,
        batch_size=256,
        n_epochs=6,
        learning_rate=4e-3,
        gamma=0.9,
        seed=0,
        device="cpu",
    )
    model.learn(6_000)
    held_out = vector.make_vec(maze, 200, seed=1, split="test", view="grid")
    observation, ate = held_out.reset(), np.zeros(200, bool)
    for _ in range(8):
        observation, reward, _, _ = held_out.step(model.predict(observation, deterministic=True)[0])
        ate |= reward > 0
    assert ate.mean() > 0.95


def test_gymnasium_vector_agrees_with_the_engine():
    registry.register_envs()
    env = gymnasium.make_vec("gridlens/Cheese-v0", num_envs=16, size=5, rand_region=63, limit=15)
    observation, infos = env.reset(seed=3)
    state = engine.take(env.unwrapped.state, slice(None))
    assert infos == {}
    assert env.observation_space.contains(observation)
    for actions in actions_for(60, 16):
        observation, reward, terminated, truncated, infos = env.step(actions)
        played = engine.step(MAZE, state, actions)
        assert np.array_equal(observation, engine.observe(MAZE, state, "window"))
        assert np.array_equal(reward, played.reward)
        assert np.array_equal(terminated, played.terminated)
        assert np.array_equal(truncated, played.truncated)
        if played.final is None:
            assert "final_obs" not in infos
            continue
        assert np.flatnonzero(infos["_final_obs"]).tolist() == played.ended.tolist()
        last = engine.observe(MAZE, played.final, "window")
        for k, i in enumerate(played.ended):
            assert np.array_equal(infos["final_obs"][i], last[k])
        assert infos["final_info"]["performance"].sum() == played.final.tally[:, 0].sum()
