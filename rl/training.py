"""TrainConfig and train(): stable-baselines3 PPO on a world of ours, into an agent folder that can be resumed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from stable_baselines3 import PPO

from core.artifacts import read_csv, write_tensors
from core.errors import BadInput, UnknownName
from core.progress import Progress, silent
from core.runs import running
from envs.observations import parse_view
from envs.registry import world as make_world
from envs.spec import World
from envs.vector import make_vec
from rl import checkpoints
from rl.actor_critic import NetworkPolicy, network_of
from rl.agents import POLICY, describe
from rl.checkpoints import CHECKPOINT
from rl.networks import NETWORKS
from rl.rollout_buffer import LeanRolloutBuffer, TruncationsAside
from rl.watching import Watch

ALGORITHMS = ("ppo",)


def _set(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class TrainConfig:
    """What to train; the ``help`` of each field says what it is (``TrainConfig.help()``)."""

    world: str = _set("cheese", "world to train in")
    dials: Mapping[str, Any] = field(
        default_factory=dict, metadata={"help": "dials that differ from the world's own"}
    )
    view: str = _set("window", "what the agent sees: window, grid or rgb")
    network: str = _set("small-conv", "architecture, of rl.networks.NETWORKS")
    algorithm: str = _set("ppo", "learning algorithm")
    steps: int = _set(1_000_000, "environment steps, rounded up to whole rollouts")
    seed: int = _set(0, "seed of the first weights, of the levels and of every random draw")
    n_envs: int = _set(256, "levels played side by side")
    rollout: int = _set(32, "steps of each level between two updates")
    batch: int = _set(1024, "transitions in one gradient step")
    epochs: int = _set(3, "passes over each rollout")
    learning_rate: float = _set(1e-3, "Adam's step size")
    gamma: float = _set(0.97, "discount a step")
    gae_lambda: float = _set(0.95, "decay of generalised advantage estimation")
    clip: float = _set(0.2, "how far the policy may move in one update")
    reward_scale: float = _set(1.0, "what rewards are multiplied by before they are learned from")
    entropy: float = _set(0.01, "weight of the entropy bonus")
    value_weight: float = _set(0.5, "weight of the value loss")
    gradient_norm: float = _set(0.5, "gradients are scaled down to this length")
    snapshots: int = _set(8, "weights kept through training, log-spaced, besides the untrained ones")
    watched_levels: int = _set(128, "held-out levels played at every snapshot")
    checkpoint_seconds: float = _set(10.0, "seconds between checkpoints; not part of what is trained")

    @classmethod
    def help(cls) -> dict[str, str]:
        """Field name to what it sets."""
        return {one.name: one.metadata["help"] for one in fields(cls)}


@dataclass(frozen=True)
class AgentFolder:
    """A trained agent on disk: ``rl.agents.load(folder.path)`` opens it."""

    path: Path

    @property
    def curve(self) -> list[dict[str, float]]:
        """One row a snapshot: see ``rl.watching.Watch.look``."""
        return [{k: float(v) for k, v in row.items()} for row in read_csv(self.path / "curve.csv")]


def train(config: TrainConfig, out: str | Path, progress: Progress = silent) -> AgentFolder:
    """Train by PPO [schulman2017; raffin2021] into the folder ``out``; a folder that is finished is left as it is.

    Broken off at any moment, the same call goes on from the last checkpoint and ends with the same weights
    as an unbroken run on the same machine. Runs on one thread: for networks this small two are no faster.

    Raises
    ------
    BadInput, UnknownName
        if the configuration names what is not there.
    RunConflict
        if ``out`` holds something else.
    NotFinite
        if the loss becomes NaN or infinite; names the step and the term. The last checkpoint stays.
    """
    world = _checked(config)
    parameters = {k: v for k, v in asdict(config).items() if k not in ("seed", "checkpoint_seconds")}
    with running(out, kind="agent", parameters=parameters, seeds={"train": config.seed}) as run:
        if not run.finished:
            with one_thread():
                _train(config, world, run.folder, progress)
    (Path(out) / CHECKPOINT).unlink(missing_ok=True)  # only now: until the manifest says so, it is needed
    return AgentFolder(Path(out))


def make_model(config: TrainConfig, venv: Any) -> PPO:
    """The PPO that ``train`` uses, on any VecEnv with image observations and discrete actions."""
    aside = TruncationsAside(venv)
    model = PPO(
        NetworkPolicy,
        aside,
        learning_rate=config.learning_rate,
        n_steps=config.rollout,
        batch_size=config.batch,
        n_epochs=config.epochs,
        gamma=config.gamma,
        gae_lambda=config.gae_lambda,
        clip_range=config.clip,
        ent_coef=config.entropy,
        vf_coef=config.value_weight,
        max_grad_norm=config.gradient_norm,
        seed=config.seed,
        device="cpu",
        rollout_buffer_class=LeanRolloutBuffer,
        rollout_buffer_kwargs={"truncations": aside.take, "reward_scale": config.reward_scale},
        policy_kwargs={
            "network": config.network,
            "seed": config.seed,
            "optimizer_kwargs": {"eps": 1e-5, "fused": True},
        },
    )
    model.rollout_buffer.value_of = model.policy.predict_values  # type: ignore[attr-defined]
    return model


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch computes on one thread, so that sums are added in one order however many cores there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _train(config: TrainConfig, world: World, folder: Path, progress: Progress) -> None:
    venv = make_vec(world, config.n_envs, seed=config.seed, view=config.view)
    model = make_model(config, venv)
    describe(folder, network_of(model), world=world, view=config.view, name=config.network)
    watch = Watch(config, venv, folder, progress)
    if (folder / CHECKPOINT).exists():
        watch.recall(checkpoints.restore(folder / CHECKPOINT, model, venv))
    left = config.steps - model.num_timesteps
    if left > 0:
        model.learn(left, callback=watch, reset_num_timesteps=model.num_timesteps == 0, log_interval=None)  # type: ignore[arg-type]
    write_tensors(folder / POLICY, network_of(model).state_dict())


def _checked(config: TrainConfig) -> World:
    world = make_world(config.world, **config.dials)
    parse_view(world, config.view)
    for name, given, choices in (
        ("algorithm", config.algorithm, ALGORITHMS),
        ("network", config.network, NETWORKS),
    ):
        if given not in choices:
            raise UnknownName(name, given, choices)
    least = {
        "steps": 1,
        "n_envs": 1,
        "rollout": 2,
        "batch": 2,
        "epochs": 1,
        "snapshots": 1,
        "watched_levels": 1,
    }
    for name, low in least.items():
        if getattr(config, name) < low:
            raise BadInput(f"training option {name!r} is {getattr(config, name)}; expected at least {low}")
    if config.batch > config.n_envs * config.rollout:
        raise BadInput(
            f"training option 'batch' is {config.batch}, more than one rollout of {config.n_envs} x {config.rollout} "
            f"= {config.n_envs * config.rollout} transitions; expected at most that"
        )
    for name, above, up_to in (
        ("learning_rate", 0, 1),
        ("gamma", 0, 1),
        ("gae_lambda", 0, 1),
        ("clip", 0, 1),
        ("reward_scale", 0, 1000),
    ):
        if not above < getattr(config, name) <= up_to:
            raise BadInput(
                f"training option {name!r} is {getattr(config, name)}; expected above {above}, up to {up_to}"
            )
    return world
