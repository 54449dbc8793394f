"""Foreign zips: the rebuilt network answers as stable-baselines3's own, and the published returns come out."""

import io
import json
import zipfile

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from sb3_contrib import ARS, QRDQN, TQC, TRPO, CrossQ, MaskablePPO, RecurrentPPO
from stable_baselines3 import A2C, DDPG, DQN, PPO, SAC, TD3
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
from torch import nn

from core.artifacts import write_tensors
from core.errors import BadInput, UnknownName, Unreadable, WeightsMismatch
from core.subject import run
from rl.foreign import evaluate, load, open_zip
from rl.foreign.spaces import encode, surroundings

SPACES = {
    "vector": spaces.Box(-2, 2, (5,), np.float32),
    "table": spaces.Box(-1, 1, (3, 4), np.float32),
    "picture": spaces.Box(0, 255, (40, 44, 3), np.uint8),
    "channels-first": spaces.Box(0, 255, (2, 36, 36), np.uint8),
    "grid": spaces.Box(0, 1, (2, 5, 5), np.uint8),
    "choice": spaces.Discrete(6),
    "choices": spaces.MultiDiscrete([3, 2]),
    "bits": spaces.MultiBinary(7),
}


class Shows(gymnasium.Env):
    """Shows samples of a space; the third action is rewarded."""

    def __init__(self, seen, acts=None):
        self.observation_space = SPACES[seen]
        self.action_space = acts or spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        self.left = 8
        return self.observation_space.sample(), {}

    def step(self, action):
        self.left -= 1
        reward = float(np.all(action == 2))
        return self.observation_space.sample(), reward, self.left == 0, False, {}

    def action_masks(self):
        return [True] * 3


@pytest.fixture(scope="module", autouse=True)
def registered():
    for seen in SPACES:
        gymnasium.register(f"foreign/{seen}-v0", Shows, kwargs={"seen": seen})
    gymnasium.register(
        "foreign/steering-v0", Shows, kwargs={"seen": "vector", "acts": spaces.Box(-1, 1, (1,))}
    )
    yield
    for seen in (*SPACES, "steering"):
        gymnasium.registry.pop(f"foreign/{seen}-v0")


def saved(tmp_path, algorithm, policy, env, *, name="agent", **settings):
    """A zip of an agent whose weights are all far from nought, and the model itself."""
    made = algorithm(policy, gymnasium.make(env) if isinstance(env, str) else env, seed=0, **settings)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.policy.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    made.save(tmp_path / f"{name}.zip")
    return tmp_path / f"{name}.zip", made


def samples(env_id, n=7):
    space = gymnasium.make(env_id).observation_space
    space.seed(3)
    return [space.sample() for _ in range(n)]


def answers(model, observations):
    """What stable-baselines3's own policy says: logits and values, or the values of actions."""
    policy = model.policy.eval()
    with torch.no_grad():
        seen, _ = policy.obs_to_tensor(np.stack(observations))
        if hasattr(policy, "q_net"):
            return {"q": policy.q_net(seen)}
        if hasattr(policy, "quantile_net"):
            return {"q": policy.quantile_net(seen).mean(1)}
        features = policy.extract_features(seen)
        pi = features if policy.share_features_extractor else features[0]
        logits = policy.action_net(policy.mlp_extractor.forward_actor(pi))
        return {"policy": logits, "value": policy.predict_values(seen)}


BUFFER = {"buffer_size": 50}
CASES = {
    "ppo": (PPO, "MlpPolicy", "vector", {}),
    "a2c": (A2C, "MlpPolicy", "vector", {}),
    "trpo": (TRPO, "MlpPolicy", "vector", {}),
    "maskable": (MaskablePPO, "MlpPolicy", "vector", {}),
    "ppo relu": (
        *(PPO, "MlpPolicy", "vector"),
        {"policy_kwargs": {"activation_fn": nn.ReLU, "net_arch": {"pi": [16], "vf": [8, 9]}}},
    ),
    "ppo linear": (PPO, "MlpPolicy", "vector", {"policy_kwargs": {"net_arch": []}}),
    "ppo table": (PPO, "MlpPolicy", "table", {}),
    "ppo grid": (PPO, "MlpPolicy", "grid", {}),
    "ppo choice": (PPO, "MlpPolicy", "choice", {}),
    "ppo choices": (PPO, "MlpPolicy", "choices", {}),
    "ppo bits": (PPO, "MlpPolicy", "bits", {}),
    "ppo mlp on a picture": (PPO, "MlpPolicy", "picture", {}),
    "ppo cnn": (PPO, "CnnPolicy", "picture", {}),
    "a2c cnn": (A2C, "CnnPolicy", "channels-first", {}),
    "ppo cnn apart": (
        *(PPO, "CnnPolicy", "channels-first"),
        {
            "policy_kwargs": {
                "share_features_extractor": False,
                "features_extractor_kwargs": {"features_dim": 32},
                "net_arch": [16],
                "activation_fn": nn.ELU,
            }
        },
    ),
    "ppo cnn unscaled": (
        *(PPO, "CnnPolicy", "picture"),
        {
            "policy_kwargs": {
                "normalize_images": False,
                "features_extractor_kwargs": {"features_dim": 32, "normalized_image": True},
            }
        },
    ),
    "dqn": (DQN, "MlpPolicy", "vector", BUFFER),
    "dqn tanh": (
        *(DQN, "MlpPolicy", "choice"),
        BUFFER | {"policy_kwargs": {"activation_fn": nn.Tanh, "net_arch": [8]}},
    ),
    "dqn cnn": (DQN, "CnnPolicy", "picture", BUFFER),
    "qr-dqn": (QRDQN, "MlpPolicy", "vector", BUFFER | {"policy_kwargs": {"n_quantiles": 5}}),
    "qr-dqn cnn": (QRDQN, "CnnPolicy", "channels-first", BUFFER | {"policy_kwargs": {"net_arch": [8]}}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_rebuilt_network_answers_as_its_own(tmp_path, case):
    algorithm, policy, seen, settings = CASES[case]
    env_id = f"foreign/{seen}-v0"
    path, model = saved(tmp_path, algorithm, policy, env_id, **settings)
    opened = open_zip(path, env_id)
    observations = samples(env_id)
    ours = run(opened.subject, encode(surroundings(env_id).space, observations))
    theirs = answers(model, observations)
    assert set(ours) == set(theirs) == set(opened.subject.heads)
    assert opened.algorithm == algorithm.__name__.replace("QRDQN", "QR-DQN")
    assert ["masks" in note for note in opened.notes] == [True] * (case == "maskable")
    for head, expected in theirs.items():
        expected = expected[:, None] if expected.ndim == 1 else expected
        assert expected.std() > 1e-3  # or the comparison would say nothing
        scale = expected.abs().max().clamp(min=1)
        rounding = 1e-5 if "unscaled" in case else 1e-6  # bytes are divided by 255 and multiplied again
        assert (ours[head] - expected).abs().max() / scale < rounding


def test_networks_of_before_1_8_share_layers(tmp_path):
    """No release that writes them is installed: the tensors are planted, the answer is worked out by hand."""
    path, _ = saved(tmp_path, PPO, "MlpPolicy", "foreign/vector-v0", policy_kwargs={"net_arch": [4]})
    old = rewritten(path, tmp_path / "old.zip", policy=planted_shared())
    x = torch.rand(6, 5)
    t = planted_shared()
    shared = torch.tanh(x @ t["mlp_extractor.shared_net.0.weight"].T + 0.1)
    pi = torch.tanh(shared @ t["mlp_extractor.policy_net.0.weight"].T)
    ours = run(load(old, "foreign/vector-v0"), x[:, :, None, None])
    assert torch.allclose(ours["policy"], pi @ t["action_net.weight"].T, atol=1e-6)
    assert torch.allclose(ours["value"], shared @ t["value_net.weight"].T, atol=1e-6)


def planted_shared():
    g = torch.Generator().manual_seed(0)
    shapes = {"mlp_extractor.shared_net.0": (6, 5), "mlp_extractor.policy_net.0": (4, 6)}
    shapes |= {"action_net": (3, 4), "value_net": (1, 6)}
    weights = {f"{name}.weight": torch.randn(shape, generator=g) for name, shape in shapes.items()}
    biases = {f"{name}.bias": torch.zeros(shape[0]) for name, shape in shapes.items()}
    return weights | biases | {"mlp_extractor.shared_net.0.bias": torch.full((6,), 0.1)}


def rewritten(path, to, *, policy=None, data=None, without=()):
    """The zip with other tensors, or with ``data`` changed by a function."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name in without:
                continue
            if name == "policy.pth" and policy is not None:
                buffer = io.BytesIO()
                torch.save(policy, buffer)
                content = buffer.getvalue()
            if name == "data" and data is not None:
                held = json.loads(content)
                data(held)
                content = json.dumps(held).encode()
            new.writestr(name, content)
    return to


def test_statistics_of_vecnormalize_are_given_as_npz(tmp_path):
    env_id = "foreign/vector-v0"
    venv = VecNormalize(DummyVecEnv([lambda: gymnasium.make(env_id)]), clip_obs=1.5)
    path, model = saved(tmp_path, PPO, "MlpPolicy", venv)
    venv.reset()
    for _ in range(50):
        venv.step([0])
    rms, file = venv.obs_rms, tmp_path / "statistics.npz"
    np.savez(file, mean=rms.mean, var=rms.var, epsilon=venv.epsilon, clip_obs=venv.clip_obs)
    seen = samples(env_id)
    ours = run(load(path, env_id, normalisation=file), encode(surroundings(env_id).space, seen))
    theirs = answers(model, list(venv.normalize_obs(np.stack(seen))))
    assert torch.allclose(ours["policy"], theirs["policy"], atol=1e-5)
    np.savez(file, mean=rms.mean[:3], var=rms.var[:3])
    with pytest.raises(BadInput, match="statistics of 3 numbers"):
        load(path, env_id, normalisation=file)
    file.write_bytes(b"no array")
    with pytest.raises(Unreadable, match="npz"):
        load(path, env_id, normalisation=file)


def test_an_agent_of_vecnormalize_says_so_or_is_refused(tmp_path):
    env_id = "foreign/vector-v0"
    venv = VecNormalize(DummyVecEnv([lambda: gymnasium.make(env_id)]))
    made = PPO("MlpPolicy", venv, seed=0, n_steps=8, batch_size=8)
    made.learn(8)
    made.save(tmp_path / "agent.zip")
    assert "VecNormalize" in open_zip(tmp_path / "agent.zip", env_id).notes[0]
    venv.save(tmp_path / "vec_normalize.pkl")
    with pytest.raises(BadInput, match=r"vec_normalize\.pkl"):
        load(tmp_path / "agent.zip", env_id)
    assert not open_zip(tmp_path / "agent.zip", env_id, normalisation="raw").notes


@pytest.mark.parametrize(
    ("algorithm", "env", "said"),
    [
        (SAC, "foreign/steering-v0", "SAC"),
        (TQC, "foreign/steering-v0", "TQC"),
        (CrossQ, "foreign/steering-v0", "CrossQ"),
        (TD3, "foreign/steering-v0", "TD3"),
        (DDPG, "foreign/steering-v0", "DDPG"),
        (PPO, "foreign/steering-v0", "continuous"),
        (RecurrentPPO, "foreign/vector-v0", "memory"),
        (ARS, "foreign/vector-v0", "ARS"),
    ],
)
def test_algorithms_that_cannot_be_rebuilt_are_named(tmp_path, algorithm, env, said):
    policy = "MlpLstmPolicy" if algorithm is RecurrentPPO else "MlpPolicy"
    path, _ = saved(tmp_path, algorithm, policy, env)
    with pytest.raises(BadInput, match=f"{said}.*can be opened") as caught:
        load(path, "foreign/vector-v0")
    assert "\n" not in str(caught.value)


def test_both_shapes_are_named_where_the_world_is_another(tmp_path):
    path, _ = saved(tmp_path, PPO, "MlpPolicy", "foreign/vector-v0")
    with pytest.raises(BadInput, match=r"\(5,\).*CartPole-v1 gives \(4,\)"):
        load(path, "CartPole-v1")
    silent = rewritten(path, tmp_path / "silent.zip", data=lambda held: held.pop("observation_space"))
    with pytest.raises(BadInput, match=r"takes 5 numbers, but CartPole-v1 gives 4"):
        load(silent, "CartPole-v1")
    picture, _ = saved(tmp_path, DQN, "CnnPolicy", "foreign/picture-v0", name="cnn", **BUFFER)
    with pytest.raises(BadInput, match=r"\(3, 40, 44\).*\(2, 36, 36\)"):
        load(picture, "foreign/channels-first-v0")
    with pytest.raises(BadInput, match="Discrete"):
        load(path, "foreign/steering-v0")
    with pytest.raises(UnknownName, match="CartPole"):
        load(path, "CartPoll-v1")
    four, _ = saved(tmp_path, PPO, "MlpPolicy", "CartPole-v1", name="four")
    fewer = rewritten(four, tmp_path / "fewer.zip", data=lambda held: held.pop("observation_space"))
    with pytest.raises(BadInput, match="7 outputs, but CartPole-v1 has 2"):
        load(rewritten(fewer, tmp_path / "seven.zip", policy=planted_actions(7)), "CartPole-v1")


def planted_actions(count):
    shapes = {"action_net": (count, 4), "value_net": (1, 4)}
    weights = {f"{name}.weight": torch.ones(shape) for name, shape in shapes.items()}
    return weights | {f"{name}.bias": torch.zeros(shape[0]) for name, shape in shapes.items()}


def test_policies_that_tensors_do_not_tell_all_of_are_refused(tmp_path):
    path, _ = saved(tmp_path, PPO, "MlpPolicy", "foreign/vector-v0")

    def own_class(held):
        held["policy_class"] = {":type:": "<class 'abc.ABCMeta'>", "__module__": "__main__"}

    own = rewritten(path, tmp_path / "own.zip", data=own_class)
    with pytest.raises(BadInput, match="__main__"):
        load(own, "foreign/vector-v0")
    assert (
        load(own, "foreign/vector-v0", activation="Tanh").fingerprint
        == load(path, "foreign/vector-v0").fingerprint
    )
    bare = rewritten(path, tmp_path / "bare.zip", without=("data",))
    with pytest.raises(BadInput, match="activation"):
        load(bare, "foreign/vector-v0")

    def own_extractor(held):
        held["policy_kwargs"] = {"features_extractor_class": "<class '__main__.Scaled'>"}

    with pytest.raises(BadInput, match=r"__main__\.Scaled"):
        load(rewritten(path, tmp_path / "extractor.zip", data=own_extractor), "foreign/vector-v0")

    def own_activation(held):
        held["policy_kwargs"] = {"activation_fn": "<class '__main__.Odd'>"}

    with pytest.raises(BadInput, match=r"__main__\.Odd"):
        load(rewritten(path, tmp_path / "activation.zip", data=own_activation), "foreign/vector-v0")


def test_tensors_too_few_or_too_many_are_named(tmp_path):
    path, model = saved(tmp_path, DQN, "MlpPolicy", "foreign/vector-v0", **BUFFER)
    held = dict(model.policy.state_dict())
    more = rewritten(path, tmp_path / "more.zip", policy=held | {"extra.weight": torch.ones(2)})
    with pytest.raises(WeightsMismatch, match=r"extra\.weight"):
        load(more, "foreign/vector-v0")
    held.pop("q_net.q_net.2.bias")
    with pytest.raises(WeightsMismatch, match=r"q_net\.2\.bias"):
        load(rewritten(path, tmp_path / "less.zip", policy=held), "foreign/vector-v0")


def test_opening_leaves_the_random_state_alone(tmp_path):
    path, _ = saved(tmp_path, PPO, "CnnPolicy", "foreign/picture-v0")
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    load(path, "foreign/picture-v0")
    assert torch.equal(before, torch.random.get_rng_state())


def test_play_counts_what_the_world_pays(tmp_path):
    """An agent whose third logit is highest by a margin earns 1 a step, and every episode has 8 steps."""
    path, _ = saved(tmp_path, PPO, "MlpPolicy", "foreign/vector-v0")
    biased = planted_shared() | {"action_net.bias": torch.tensor([0.0, 0.0, 99.0])}
    agent = load(rewritten(path, tmp_path / "biased.zip", policy=biased), "foreign/vector-v0")
    for greedy in (True, False):
        played = evaluate(agent, "foreign/vector-v0", episodes=40, greedy=greedy)
        assert (played.returns == 8).all()
        assert (played.lengths == 8).all()
        assert played.interval.n == 40
    with pytest.raises(BadInput, match=r"\(5, 1, 1\).*\(4, 1, 1\)"):
        evaluate(agent, "CartPole-v1")
    q, _ = saved(tmp_path, DQN, "MlpPolicy", "foreign/vector-v0", name="q", **BUFFER)
    with pytest.raises(BadInput, match="Q-network"):
        evaluate(load(q, "foreign/vector-v0"), "foreign/vector-v0", greedy=False)


def test_the_same_seed_plays_the_same_episodes(tmp_path):
    path, _ = saved(tmp_path, PPO, "MlpPolicy", "CartPole-v1")
    agent = load(path, "CartPole-v1")
    first, again, other = (
        evaluate(agent, "CartPole-v1", episodes=10, greedy=False, seed=seed) for seed in (0, 0, 1)
    )
    assert (first.returns == again.returns).all()
    assert (first.returns != other.returns).any()


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("ppo_CartPole-v1", 500, 500),
        ("dqn_CartPole-v1", 500, 500),
        ("ppo_Acrobot-v1", -86, -74),
        ("a2c_Acrobot-v1", -90, -76),
    ],
)
def test_published_returns(real_data, name, low, high):
    path = real_data / "agents" / f"{name}.zip"
    if not path.exists():
        pytest.skip(f"no {path}")
    env_id = name.split("_")[1]
    played = evaluate(load(path, env_id), env_id, episodes=20)
    assert low <= played.interval.estimate <= high


def test_our_own_worlds_can_be_played_by_their_ids(tmp_path):
    from envs.registry import register_envs

    register_envs()
    path, _ = saved(tmp_path, PPO, "MlpPolicy", "gridlens/Cheese-v0", policy_kwargs={"net_arch": [8]})
    agent = load(path, "gridlens/Cheese-v0")
    assert agent.heads["policy"] == ("up", "down", "left", "right")
    assert evaluate(agent, "gridlens/Cheese-v0", episodes=2).interval.n == 2


def test_safetensors_are_not_taken_for_a_zip(tmp_path):
    write_tensors(tmp_path / "agent.zip", {"a": np.ones(2)})
    with pytest.raises(Unreadable, match="not a zip"):
        load(tmp_path / "agent.zip", "CartPole-v1")
