"""An agent folder opened as a Subject - heads "policy" and "value", or "q" - and what it was trained in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.artifacts import read_json, read_tensors, write_json
from core.errors import BadInput, UnknownName, Unreadable, WeightsMismatch
from core.runs import read_manifest
from core.subject import InputSpec, Subject, wrap
from envs import engine
from envs.observations import channels, observation_shape
from envs.registry import world as make_world
from envs.spec import World
from envs.state import State
from rl.acting import action_head
from rl.networks import build
from rl.networks.heads import Heads
from rl.organism import folder_of

HEADS: Mapping[str, Heads] = {
    "ppo": "actor-critic",
    "a2c": "actor-critic",
    "recurrent-ppo": "actor-critic",
    "dqn": "q",
    "qrdqn": "q",
}
"""Algorithm to what the networks that it trains answer: "policy" and "value", or "q"."""

NETWORK, POLICY, SNAPSHOTS = "network.json", "policy.safetensors", "snapshots"


@dataclass(frozen=True)
class AgentInfo:
    """What an agent is: its name, the world it was trained in (dials set), what it sees, its architecture.

    ``steps`` are those it was asked to be trained for, with ``algorithm`` and ``seed``; 0 where that is not known.
    """

    name: str
    world: World
    view: str
    network: str
    algorithm: str = "ppo"
    seed: int = 0
    steps: int = 0


def info(folder: str | Path) -> AgentInfo:
    """What the folder of an agent, or of an organism by its name, says of it.

    Raises
    ------
    Unreadable
        if there is no such folder (the nearest run is named), or it holds no agent.
    """
    folder = folder_of(folder)
    manifest = read_manifest(folder)
    if not (folder / NETWORK).exists():
        raise Unreadable(
            f"run folder {str(folder)!r} holds a {manifest.get('kind', 'run')!r} run, not an agent"
        )
    about = read_json(folder / NETWORK)
    try:
        return AgentInfo(
            name=folder.name,
            world=make_world(about["world"], **about["dials"]),
            view=about["view"],
            network=about["network"],
            algorithm=about.get("algorithm", "ppo"),  # folders written when there was no other do not say it
            seed=manifest.get("seeds", {}).get("train", 0),
            steps=manifest.get("parameters", {}).get("steps", 0),
        )
    except KeyError as error:
        raise Unreadable(f"{str(folder / NETWORK)!r} does not say {error}; train the agent again") from error


def load(folder: str | Path, *, snapshot: int | None = None) -> Subject:
    """The agent of a folder (or organism of that name) as it was at the end, or at one of its ``snapshots`` (in steps).

    Raises
    ------
    Unreadable
        if the folder is no agent's or a weights file is missing or cut short.
    UnknownName
        if there is no snapshot of that step; the nearest is named.
    WeightsMismatch
        if the weights do not fit the network; the first tensor that differs is named.
    """
    folder, about = folder_of(folder), info(folder)
    path = folder / POLICY if snapshot is None else _snapshot(folder, snapshot)
    if snapshot is None and not path.exists():
        raise Unreadable(f"agent {str(folder)!r} has not finished training; run the command again to go on")
    network = build(
        about.network,
        shape=observation_shape(about.world, about.view),
        actions=len(about.world.actions),
        heads=_heads(about),
        quantiles=read_json(folder / NETWORK).get("quantiles"),
    )
    fill(network, read_tensors(path), where=str(path), network_name=about.network)
    name = about.name if snapshot is None else f"{about.name} at {snapshot:,} steps"
    return as_subject(network, about.world, view=about.view, name=name)


def as_subject(
    network: nn.Module, world: World, *, view: str, name: str, heads: Heads | None = None
) -> Subject:
    """A network that plays ``world`` through ``view``, as a Subject (a copy; see ``core.subject.wrap``).

    Without ``heads`` they are what the network was built with, or else "actor-critic".

    >>> maze = make_world("cheese", size=7)
    >>> net = build("mlp", shape=observation_shape(maze, "window"), actions=4, seed=0)
    >>> as_subject(net, maze, view="window", name="fresh")
    Subject(fresh: input (2, 9, 9), heads policy (4), value (1), 6 layers)
    """
    shape, names = observation_shape(world, view), channels(world, view)
    spec = InputSpec(shape, mean=(0.0,) * shape[0], std=(1.0,) * shape[0], channels=names)
    answers = heads or ("actor-critic" if "policy" in getattr(network, "outputs", ("policy",)) else "q")
    labels = {"actor-critic": {"policy": world.actions, "value": ("value",)}, "q": {"q": world.actions}}
    return wrap(network, name=name, spec=spec, heads=labels[answers])


def see(world: World, state: State, view: str) -> Float[Tensor, "n c h w"]:
    """What the agents of ``state`` see, as a Subject takes it: float32 in [0, 1].

    >>> maze = make_world("cheese", size=7)
    >>> see(maze, engine.reset(maze, [0, 1]), "window").shape
    torch.Size([2, 2, 9, 9])
    """
    seen = torch.from_numpy(engine.observe(world, state, view)).float()
    return seen / 255 if view.removeprefix("flipped-").startswith("rgb") else seen


def check_fits(subject: Subject, world: World, view: str) -> None:
    """Raise BadInput, with both shapes, where the subject cannot take what ``world`` shows or play its actions."""
    shape = observation_shape(world, view)
    if subject.spec.shape != shape:
        raise BadInput(
            f"agent {subject.name} takes observations of shape {subject.spec.shape}, but world {world.name!r} "
            f"of {world.shape[1]} x {world.shape[2]} cells gives {shape} in view {view!r}"
        )
    actions = subject.heads[action_head(subject)]
    if actions != world.actions:
        raise BadInput(
            f"agent {subject.name} has {len(actions)} actions, {', '.join(actions)}, but world {world.name!r} has "
            f"{len(world.actions)}, {', '.join(world.actions)}"
        )


def fill(network: nn.Module, tensors: dict[str, Tensor], *, where: str, network_name: str) -> None:
    """Put ``tensors`` into the network; raise WeightsMismatch naming the first that differs, changing nothing."""
    wanted = {name: str(tuple(value.shape)) for name, value in network.state_dict().items()}
    given = {name: str(tuple(value.shape)) for name, value in tensors.items()}
    for name in [*wanted, *given]:
        if wanted.get(name) != given.get(name):
            raise WeightsMismatch(
                f"weights {where!r} do not fit network {network_name!r}: the shape of tensor {name!r} is "
                f"{given.get(name, 'missing')}; expected {wanted.get(name, 'no such tensor')}"
            )
    network.load_state_dict(tensors)


def describe(
    folder: Path, network: nn.Module, *, world: World, view: str, name: str, algorithm: str = "ppo"
) -> None:
    """Write ``network.json``: all that it takes to rebuild the agent around its weights.

    ``network`` is one of ``rl.networks.build``, ``name`` the architecture's.
    """
    dials = world.describe()
    about: dict[str, Any] = {
        "network": name,
        "algorithm": algorithm,
        "world": dials.pop("name"),
        "dials": dials,
        "view": view,
        "shape": observation_shape(world, view),
        "channels": channels(world, view),
        "actions": world.actions,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }
    if "quantiles" in network.outputs:  # type: ignore[operator]
        about["quantiles"] = network.outputs["quantiles"][0]  # type: ignore[index]
    write_json(folder / NETWORK, about)


def snapshots(folder: str | Path) -> dict[int, Path]:
    """Weights through training: steps to file, in order."""
    found = sorted((folder_of(folder) / SNAPSHOTS).glob("*.safetensors"))
    return {int(path.stem): path for path in found if path.stem.isdigit()}


def _heads(about: AgentInfo) -> Heads:
    if about.algorithm not in HEADS:
        raise UnknownName("algorithm", about.algorithm, HEADS)
    return HEADS[about.algorithm]


def _snapshot(folder: Path, step: int) -> Path:
    found = snapshots(folder)
    if step not in found:
        raise UnknownName(f"snapshot of {folder.name}", str(step), map(str, found))
    return found[step]
