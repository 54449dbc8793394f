"""An agent folder opened as a Subject with heads "policy" and "value", and what it was trained in."""

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
from rl.networks import build
from rl.organism import folder_of

NETWORK, POLICY, SNAPSHOTS = "network.json", "policy.safetensors", "snapshots"


@dataclass(frozen=True)
class AgentInfo:
    """What an agent is: its name, the world it was trained in (dials set), what it sees, its architecture."""

    name: str
    world: World
    view: str
    network: str


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
        found = make_world(about["world"], **about["dials"])
        return AgentInfo(folder.name, found, about["view"], about["network"])
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
        about.network, shape=observation_shape(about.world, about.view), actions=len(about.world.actions)
    )
    fill(network, read_tensors(path), where=str(path), network_name=about.network)
    name = about.name if snapshot is None else f"{about.name} at {snapshot:,} steps"
    return as_subject(network, about.world, view=about.view, name=name)


def as_subject(network: nn.Module, world: World, *, view: str, name: str) -> Subject:
    """A network that plays ``world`` through ``view``, as a Subject (a copy; see ``core.subject.wrap``).

    >>> maze = make_world("cheese", size=7)
    >>> net = build("mlp", shape=observation_shape(maze, "window"), actions=4, seed=0)
    >>> as_subject(net, maze, view="window", name="fresh")
    Subject(fresh: input (2, 9, 9), heads policy (4), value (1), 6 layers)
    """
    shape, names = observation_shape(world, view), channels(world, view)
    spec = InputSpec(shape, mean=(0.0,) * shape[0], std=(1.0,) * shape[0], channels=names)
    return wrap(network, name=name, spec=spec, heads={"policy": world.actions, "value": ("value",)})


def see(world: World, state: State, view: str) -> Float[Tensor, "n c h w"]:
    """What the agents of ``state`` see, as a Subject takes it: float32 in [0, 1].

    >>> maze = make_world("cheese", size=7)
    >>> see(maze, engine.reset(maze, [0, 1]), "window").shape
    torch.Size([2, 2, 9, 9])
    """
    seen = torch.from_numpy(engine.observe(world, state, view)).float()
    return seen / 255 if view.startswith("rgb") else seen


def check_fits(subject: Subject, world: World, view: str) -> None:
    """Raise BadInput, with both shapes, where the subject cannot take what ``world`` shows or play its actions."""
    shape = observation_shape(world, view)
    if subject.spec.shape != shape:
        raise BadInput(
            f"agent {subject.name} takes observations of shape {subject.spec.shape}, but world {world.name!r} "
            f"of {world.shape[1]} x {world.shape[2]} cells gives {shape} in view {view!r}"
        )
    if tuple(subject.heads.get("policy", ())) != world.actions:
        raise BadInput(
            f"agent {subject.name} has actions {', '.join(subject.heads.get('policy', ('none',)))}, "
            f"but world {world.name!r} has {', '.join(world.actions)}"
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


def describe(folder: Path, network: nn.Module, *, world: World, view: str, name: str) -> None:
    """Write ``network.json``: all that it takes to rebuild the agent around its weights."""
    dials = world.describe()
    about: dict[str, Any] = {
        "network": name,
        "world": dials.pop("name"),
        "dials": dials,
        "view": view,
        "shape": observation_shape(world, view),
        "channels": channels(world, view),
        "actions": world.actions,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }
    write_json(folder / NETWORK, about)


def snapshots(folder: str | Path) -> dict[int, Path]:
    """Weights through training: steps to file, in order."""
    found = sorted((folder_of(folder) / SNAPSHOTS).glob("*.safetensors"))
    return {int(path.stem): path for path in found if path.stem.isdigit()}


def _snapshot(folder: Path, step: int) -> Path:
    found = snapshots(folder)
    if step not in found:
        raise UnknownName(f"snapshot of {folder.name}", str(step), map(str, found))
    return found[step]
