"""A zip of stable-baselines3 opened as a Subject, for an environment that says what tensors cannot."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from core.errors import BadInput, WeightsMismatch
from core.subject import Subject, wrap
from envs.spec import World
from rl.agents import AgentInfo
from rl.foreign.archive import Archive, read
from rl.foreign.networks import EXTRACTORS, KERNELS, activation_named, build, canonical, outputs
from rl.foreign.normalisation import RAW, input_spec, note, read_statistics
from rl.foreign.signs import Kind, algorithm, check_policy_class, kind_of, masked, policy_kwargs
from rl.foreign.spaces import Surroundings, is_picture, seen_shape, surroundings, surroundings_in

EXTRACTOR_CLASSES = tuple(
    f"<class 'stable_baselines3.common.torch_layers.{name}'>" for name in ("NatureCNN", "FlattenExtractor")
)


MASKED = "it was trained with masks that barred actions; no zip holds them, so it plays without"


@dataclass(frozen=True, eq=False)
class Foreign:
    """A foreign agent: its Subject, what made it, and what to know before trusting it.

    ``network`` is "mlp" or "nature-cnn"; ``seed`` and ``steps`` (of training) are what the zip says, or 0.
    """

    subject: Subject
    algorithm: str
    version: str
    network: str
    seed: int
    steps: int
    notes: tuple[str, ...]


def load(
    path: str | Path,
    env: str | World,
    *,
    view: str = "window",
    activation: str | None = None,
    normalisation: str | Path | None = None,
) -> Subject:
    """The agent of a zip as a Subject; see ``open_zip``."""
    return open_zip(path, env, view=view, activation=activation, normalisation=normalisation).subject


def open_zip(
    path: str | Path,
    env: str | World,
    *,
    view: str = "window",
    activation: str | None = None,
    normalisation: str | Path | None = None,
) -> Foreign:
    """The agent of a zip saved by stable-baselines3 or sb3-contrib: PPO, A2C, DQN, QR-DQN; MLP or NatureCNN.

    None of its pickles is opened: the network is rebuilt from the shapes of ``policy.pth``'s tensors, the plain text
    in ``data`` and the environment, which is a gymnasium id or a world of ours seen through ``view``. Heads are
    "policy" (logits) and "value", or "q". Inputs are as ``rl.foreign.spaces.encode`` makes them (in a world of ours
    as ``rl.agents.see``): pictures in [0, 1]; vectors as (k, 1, 1), in their own units.

    ``activation`` overrides the activation function that the zip names. ``normalisation`` is an npz of VecNormalize's
    statistics (``rl.foreign.normalisation.read_statistics``), or "raw" for an agent that needs none.

    Raises
    ------
    Unreadable
        if the zip is none, cut short, or holds code where tensors belong.
    BadInput
        if the algorithm, the policy's class or the environment's actions are none that can be rebuilt, or the agent
        does not fit the environment; both shapes are named.
    WeightsMismatch
        if tensors are missing or left over; names the first.
    """
    archive = read(path)
    kind = kind_of(archive)
    check_policy_class(archive, activation=activation)
    around = surroundings(env) if isinstance(env, str) else surroundings_in(env, view)
    kwargs = policy_kwargs(archive)
    tensors = canonical(kind, archive.tensors)
    _check_extractor(archive, kwargs)
    _check_fits(archive, kind, tensors, around)
    statistics = read_statistics(normalisation) if normalisation not in (None, RAW) else None  # type: ignore[arg-type]
    said = note(archive, kind) if normalisation is None else None
    unscaled = is_picture(around.space) and kwargs.get("normalize_images") is False
    network = build(
        kind,
        tensors,
        activation=activation_named(activation or kwargs.get("activation_fn"), _default(kind)),
        actions=len(around.actions),
        clip=statistics.clip if statistics else None,
        where=str(archive.path),
    )
    subject = wrap(
        network,
        name=Path(path).stem,
        spec=input_spec(around, divide=1 / 255 if unscaled else 1.0, statistics=statistics),
        heads={"policy": around.actions, "value": ("value",)}
        if kind == "actor-critic"
        else {"q": around.actions},
    )
    return Foreign(
        subject,
        algorithm(archive, kind),
        archive.version,
        network="nature-cnn" if any(name.partition(".")[0] in EXTRACTORS for name in tensors) else "mlp",
        seed=_number(archive, "seed"),
        steps=_number(archive, "num_timesteps"),
        notes=tuple(one for one in (said, MASKED if masked(archive) else None) if one),
    )


def info(agent: Foreign, world: World, view: str) -> AgentInfo:
    """What is known of a foreign agent that plays a world of ours, as of our own agents."""
    made = agent.algorithm.lower().replace("-", "")
    return AgentInfo(
        agent.subject.name, world, view, agent.network, algorithm=made, seed=agent.seed, steps=agent.steps
    )


def _number(archive: Archive, key: str) -> int:
    """A whole number that ``data`` says plainly; 0 where it does not."""
    found = archive.data.get(key)
    return found if isinstance(found, int) else 0


def _default(kind: Kind) -> str:
    return "Tanh" if kind == "actor-critic" else "ReLU"


def _check_extractor(archive: Archive, kwargs: Mapping[str, object]) -> None:
    """A class of the trainer's own may compute anything between tensors of the same names."""
    named = kwargs.get("features_extractor_class")
    if named is not None and named not in EXTRACTOR_CLASSES:
        raise BadInput(
            f"{str(archive.path)!r} has a features extractor of its own, {str(named)[:100]}; "
            "NatureCNN and plain flattening can be rebuilt"
        )


def _check_fits(archive: Archive, kind: Kind, tensors: Mapping[str, Tensor], around: Surroundings) -> None:
    """Raise BadInput, with both shapes, where the tensors take or give other numbers than the environment."""
    here, path = seen_shape(around.space), repr(str(archive.path))
    there = _said_shape(archive)
    if there is not None and there != here:
        raise BadInput(
            f"{path} was trained on observations of shape {there}, but {around.env_id} gives {here}; wrappers "
            "such as frame stacking are not put on again"
        )
    first, takes, gives = _first_layer(kind, tensors, around)
    if takes != gives:
        raise BadInput(
            f"tensor {first!r} of {path} takes {takes} numbers, but {around.env_id} gives {gives} "
            f"(observations of shape {here or around.shape[:1]})"
        )
    given, wanted = outputs(kind, tensors), len(around.actions)
    if given % wanted if kind == "qr-dqn" else given != wanted:
        raise BadInput(f"{path} has {given} outputs, but {around.env_id} has {wanted} actions")


def _first_layer(kind: Kind, tensors: Mapping[str, Tensor], around: Surroundings) -> tuple[str, int, int]:
    """The tensor that meets the observation: its name, what it takes, and what the environment gives it."""
    channels, height, width = around.shape
    extractor = next((name for name in EXTRACTORS if f"{name}.cnn.0.weight" in tensors), None)
    if extractor is not None:
        name = f"{extractor}.cnn.0.weight"
        if tensors[name].shape[1] != channels:
            return name, tensors[name].shape[1], channels
        name, maps = f"{extractor}.linear.0.weight", f"{extractor}.cnn.4.weight"
        if name not in tensors or maps not in tensors or tensors[name].ndim != 2:
            raise WeightsMismatch(f"tensors {name!r} and {maps!r} are not both there; expected NatureCNN")
        for size, stride in KERNELS:
            height, width = (max(0, (side - size) // stride + 1) for side in (height, width))
        return name, tensors[name].shape[1], len(tensors[maps]) * height * width
    if kind == "actor-critic":
        names: tuple[str, ...] = (
            "mlp_extractor.shared_net.0.weight",
            "mlp_extractor.policy_net.0.weight",
            "action_net.weight",
        )
    else:
        names = ("q_net.0.weight",)
    name = next(name for name in names if name in tensors)
    return name, math.prod(tensors[name].shape[1:]), math.prod(around.shape)


def _said_shape(archive: Archive) -> tuple[int, ...] | None:
    """The shape of the observations that ``data`` tells of, if it does."""
    space = archive.data.get("observation_space")
    found = (space.get("_shape") or space.get("shape")) if isinstance(space, Mapping) else None
    if isinstance(found, list) and found and all(isinstance(side, int) for side in found):
        return tuple(found)
    return None
