"""A subject by the text that names it: an agent's folder, an organism, a zip of stable-baselines3, or a classifier."""

import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gymnasium

from core.device import device_named
from core.errors import BadInput, UnknownName, nearest
from core.subject import Subject
from envs.registry import IDS, WORLDS
from envs.registry import world as make_world
from envs.spec import World
from rl import foreign
from rl.agents import AgentInfo, info
from rl.agents import load as load_agent
from rl.foreign.opening import info as info_of_zip
from rl.organism import folder_of, names
from vision import models


@dataclass(frozen=True, eq=False)
class Opened:
    """A subject, and what is known of it: ``agent`` if it plays a world of ours, ``env_id`` if another environment.

    ``algorithm`` and ``notes`` (what to know before trusting it) are those of a foreign agent.
    """

    subject: Subject
    agent: AgentInfo | None = None
    env_id: str | None = None
    algorithm: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Elsewhere:
    """What a zip does not say: where the agent plays (a world of ours or a gymnasium id), and what it sees there."""

    world: str | None = None
    dials: Mapping[str, Any] = field(default_factory=dict)
    view: str | None = None
    normalisation: str | Path | None = None


def open_subject(
    text: str,
    *,
    weights: str | Path | None = None,
    scaling: str | None = None,
    size: int | None = None,
    labels: Sequence[str] | None = None,
    device: str | None = None,
    elsewhere: Elsewhere = Elsewhere(),
) -> Opened:
    """The agent of that folder, zip or organism if there is one, otherwise the classifier of that name.

    Raises
    ------
    UnknownName
        if there is none; the nearest organism or classifier is named.
    BadInput
        if a size or labels are given for an agent; and as ``vision.models.load``.

    >>> open_subject("shapes").subject.name
    'shapes'
    """
    if is_zip(text) or folder_of_agent(text):
        if size is not None or labels is not None:
            raise BadInput(f"{text!r} is an agent; --size and --labels are for classifiers of pictures")
        return on_device(opened(text, elsewhere), device)
    if ":" not in text and text not in models.names():  # with a colon: timm's, lucent's, or the user's own
        raise UnknownName("agent folder, organism or classifier", text, [*names(), *models.names()])
    subject = models.load(text, weights=weights, scaling=scaling, size=size, labels=labels, device=device)
    return Opened(subject)


def on_device(found: Opened, device: str | None) -> Opened:
    """The same agent on a device.

    >>> on_device(open_subject("shapes"), None).subject.device.type
    'cpu'
    """
    if device is None:
        return found
    module = deepcopy(found.subject.module).to(device_named(device))
    return replace(found, subject=replace(found.subject, module=module))


def open_agent(
    agent: str | Path,
    env: str | None = None,
    *,
    dials: Mapping[str, Any] | None = None,
    view: str | None = None,
    normalisation: str | Path | None = None,
    snapshot: int | None = None,
) -> Subject:
    """An agent as a Subject: a folder of ours, an organism by name, or a zip of stable-baselines3.

    A zip does not say its environment: ``env`` is a gymnasium id or a world of ours, with ``dials`` and ``view``
    where they differ from the world's own. Nothing in it is unpickled (docs/agents.md). What to know before trusting it
    comes as a warning. ``snapshot`` (steps of training) opens one of those kept in a folder.

    Raises
    ------
    BadInput, Unreadable, UnknownName, WeightsMismatch
        as ``rl.agents.load`` and ``rl.foreign.open_zip``; and if a zip comes without ``env``, or a folder with it.
    """
    if snapshot is not None and not is_zip(agent):
        return load_agent(agent, snapshot=snapshot)
    if snapshot is not None:
        raise BadInput(f"{str(agent)!r} is a zip, which holds no snapshots; given snapshot {snapshot}")
    found = opened(agent, Elsewhere(env, dials or {}, view, normalisation))
    for note in found.notes:
        warnings.warn(f"{found.subject.name}: {note}", stacklevel=2)
    return found.subject


def opened(agent: str | Path, elsewhere: Elsewhere = Elsewhere()) -> Opened:
    """An agent with what is known of it; see ``open_agent``."""
    if is_zip(agent):
        return _opened_zip(Path(agent), elsewhere)
    if elsewhere != Elsewhere():
        raise BadInput(
            f"{str(agent)!r} is an agent folder, which says its world and view itself; they are asked for zips alone"
        )
    return Opened(load_agent(agent), info(agent))


def opened_together(agents: Sequence[str | Path], elsewhere: Elsewhere) -> list[Opened]:
    """Agents for one table: folders and zips in worlds of ours, or zips alone in another environment.

    Raises
    ------
    BadInput
        if a folder stands beside zips that play elsewhere, or ``elsewhere`` is given without a zip; and as ``opened``.
    """
    folders = [agent for agent in agents if not is_zip(agent)]
    if elsewhere != Elsewhere() and len(folders) == len(agents):
        opened(agents[0], elsewhere)
    if elsewhere.world is not None and isinstance(place(elsewhere.world, elsewhere.dials), str) and folders:
        raise BadInput(
            f"{str(folders[0])!r} is an agent folder, not a zip; evaluate it by itself, without --world"
        )
    return [opened(agent, elsewhere if is_zip(agent) else Elsewhere()) for agent in agents]


def is_zip(agent: str | Path) -> bool:
    """Whether a zip is meant: a file, or a name that ends as one."""
    return Path(agent).suffix == ".zip" and not Path(agent).is_dir()


def folder_of_agent(text: str) -> bool:
    """Whether there is such a folder, or an organism of that name."""
    return Path(text).is_dir() or (text in names() and folder_of(text).is_dir())


def place(text: str, dials: Mapping[str, Any]) -> World | str:
    """A world of ours, by its name, its file or its gymnasium id, with dials turned; or the id of something else.

    Raises
    ------
    BadInput
        if dials are given for an environment that has none.
    UnknownName
        if it is no name, but most like one of our worlds'.

    >>> place("gridlens/CheeseAnywhere-v0", {"size": 7}).dials
    Dials(size=7, rand_region=63, limit=100)
    """
    if text in IDS:
        name, turned = IDS[text]
        return make_world(name, **{**turned, **dials})
    if text in WORLDS or text.endswith(".py"):
        return make_world(text, **dials)
    if dials:
        raise BadInput(
            f"{text!r} is no world of ours, and has no dials; given {', '.join(dials)} (worlds: {', '.join(WORLDS)})"
        )
    known = [*WORLDS, *IDS, *gymnasium.registry]
    if text not in known and nearest(text, known) in WORLDS:
        raise UnknownName("world or environment", text, known)
    return text


def _opened_zip(path: Path, elsewhere: Elsewhere) -> Opened:
    if elsewhere.world is None:
        raise BadInput(
            f"{str(path)!r} does not say its environment; name it, as in --world CartPole-v1 or --world cheese"
        )
    where, view = place(elsewhere.world, elsewhere.dials), elsewhere.view or "window"
    if isinstance(where, str) and elsewhere.view is not None:
        raise BadInput(f"{where!r} is no world of ours, and has no views; given view {elsewhere.view!r}")
    found = foreign.open_zip(path, where, view=view, normalisation=elsewhere.normalisation)
    known = None if isinstance(where, str) else info_of_zip(found, where, view)
    env_id = where if isinstance(where, str) else None
    return Opened(found.subject, known, env_id, found.algorithm, found.notes)
