"""TrainConfig and train(): an algorithm of stable-baselines3 in a world of ours, into a folder that can be resumed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from core.artifacts import read_csv, write_tensors
from core.errors import BadInput, NotFinite, UnknownName
from core.progress import Progress, silent
from core.runs import running
from envs.observations import parse_view
from envs.registry import world as make_world
from envs.spec import World
from envs.vector import make_vec
from rl import checkpoints
from rl.agents import POLICY, describe
from rl.algorithms import ALGORITHMS
from rl.algorithms.algorithm import network_of
from rl.algorithms.settings import helps, resolve, setting
from rl.checkpoints import CHECKPOINT
from rl.logs import logger
from rl.networks import NETWORKS, fitting, has_memory
from rl.snapshots import schedule
from rl.watching import Watch


@dataclass(frozen=True)
class TrainConfig:
    """What to train; the ``help`` of each field says what it is (``TrainConfig.help()``)."""

    world: str = setting("cheese", "world to train in")
    dials: Mapping[str, Any] = field(
        default_factory=dict, metadata={"help": "dials that differ from the world's own"}
    )
    view: str = setting("window", "what the agent sees: window, grid or rgb")
    network: str = setting("small-conv", "architecture, of rl.networks.NETWORKS")
    algorithm: str = setting("ppo", "learning algorithm, of rl.algorithms.ALGORITHMS")
    steps: int = setting(1_000_000, "environment steps, rounded up to whole rollouts")
    seed: int = setting(0, "seed of the first weights, of the levels and of every random draw")
    settings: Mapping[str, Any] = field(
        default_factory=dict, metadata={"help": "settings of the algorithm that differ from its own"}
    )
    snapshots: str = setting(
        "log:8", "weights kept through training, besides the untrained ones: log:N, linear:N or at:STEPS"
    )
    watched_levels: int = setting(128, "held-out levels played at every snapshot")
    checkpoint_seconds: float = setting(10.0, "seconds between checkpoints; not part of what is trained")

    @classmethod
    def help(cls) -> dict[str, str]:
        """Field name to what it sets."""
        return helps(cls)


def settings_of(config: TrainConfig) -> Any:
    """All settings of the configuration's algorithm: its own with those that the configuration changes.

    Raises
    ------
    BadInput, UnknownName
        if there is no such algorithm or setting, or a value is out of bounds.

    >>> settings_of(TrainConfig(settings={"gamma": 0.9})).gamma
    0.9
    """
    if config.algorithm not in ALGORITHMS:
        raise UnknownName("algorithm", config.algorithm, ALGORITHMS)
    kinds = {name: one.settings for name, one in ALGORITHMS.items()}
    found: Any = resolve(kinds, config.algorithm, config.settings)
    ALGORITHMS[config.algorithm].check(found)
    return found


@dataclass(frozen=True)
class AgentFolder:
    """A trained agent on disk: ``rl.agents.load(folder.path)`` opens it."""

    path: Path

    @property
    def curve(self) -> list[dict[str, float]]:
        """One row a snapshot: see ``rl.watching.Watch.look``."""
        return [{k: float(v) for k, v in row.items()} for row in read_csv(self.path / "curve.csv")]


def train(config: TrainConfig, out: str | Path, progress: Progress = silent) -> AgentFolder:
    """Train by stable-baselines3 [raffin2021] into the folder ``out``; a folder that is finished is left as it is.

    Broken off at any moment, the same call goes on from the last checkpoint and ends with the same weights
    as an unbroken run on the same machine. Runs on one thread: for networks this small two are no faster.

    Raises
    ------
    BadInput, UnknownName
        if the configuration names what is not there.
    RunConflict
        if ``out`` holds something else.
    NotFinite
        if a reward, an observation, a loss or a weight becomes NaN or infinite; names the step, the cause and what
        to try. The last checkpoint stays.
    """
    world = checked(config)
    with running(out, kind="agent", parameters=parameters(config), seeds={"train": config.seed}) as run:
        if not run.finished:
            with one_thread():
                _train(config, world, run.folder, progress)
    checkpoints.remove(Path(out))  # only now: until the manifest says so, it is needed
    return AgentFolder(Path(out))


def parameters(config: TrainConfig) -> dict[str, Any]:
    """What the manifest of an agent says was asked for, its seed apart: every setting of the algorithm by its name."""
    said = {name: getattr(config, name) for name in (one.name for one in fields(config))}
    for name in ("seed", "settings", "checkpoint_seconds"):
        del said[name]
    return said | asdict(settings_of(config))


def make_model(config: TrainConfig, venv: Any) -> BaseAlgorithm:
    """The model that ``train`` uses, on any VecEnv with image observations and discrete actions."""
    make = ALGORITHMS[config.algorithm].make
    return make(settings_of(config), venv, network=config.network, seed=config.seed)


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
    settings = settings_of(config)
    venv = make_vec(world, settings.n_envs, seed=config.seed, view=config.view)
    model = make_model(config, venv)
    network = network_of(model)
    describe(folder, network, world=world, view=config.view, name=config.network, algorithm=config.algorithm)
    watch = Watch(config, settings, venv, folder, progress)
    resumed = (folder / CHECKPOINT).exists()
    if resumed:
        watch.recall(checkpoints.restore(folder, model, venv, watch.algorithm))
    log = logger(folder, resumed_at=model.num_timesteps if resumed else None)
    model.set_logger(log)
    try:
        left = config.steps - model.num_timesteps
        if left > 0:
            model.learn(left, callback=watch, reset_num_timesteps=not resumed, log_interval=None)  # type: ignore[call-arg,arg-type]
    except FloatingPointError as error:
        raise NotFinite(
            f"training stopped at step {model.num_timesteps:,}: {error}; {watch.advice()}"
        ) from error
    finally:
        log.close()
    write_tensors(folder / POLICY, network.state_dict())


def checked(config: TrainConfig) -> World:
    """The world that the configuration is for, its dials set; nothing is written.

    Raises
    ------
    BadInput, UnknownName
        if the configuration names what is not there, or a value is out of bounds.

    >>> checked(TrainConfig(world="coin", dials={"random_percent": 2})).dials.random_percent
    2.0
    """
    world = make_world(config.world, **config.dials)
    parse_view(world, config.view)
    if config.network not in NETWORKS:
        raise UnknownName("network", config.network, NETWORKS)
    for name in ("steps", "watched_levels"):
        if getattr(config, name) < 1:
            raise BadInput(f"training option {name!r} is {getattr(config, name)}; expected at least 1")
    settings_of(config)
    memory = ALGORITHMS[config.algorithm].memory
    if has_memory(config.network) != memory:
        raise BadInput(
            f"algorithm {config.algorithm!r} trains networks {'with' if memory else 'without'} a memory, and "
            f"{config.network!r} has {'none' if memory else 'one'}; expected {fitting(config.network, memory=memory)!r}"
        )
    schedule(config.snapshots, config.steps)
    return world
