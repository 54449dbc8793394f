"""What is to be compared, from the texts that name it: of what kind they are, and what cannot be set side by side."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from core.artifacts import read_json
from core.errors import BadInput, UnknownName
from core.runs import MANIFEST
from gridlens.opened import folder_of_agent, is_zip
from rl.agents import NETWORK
from rl.organism import names as organisms
from vision import models
from vision.training import WEIGHTS

LAST = "last"
"""What stands after the @ for an agent at the end of its training."""

Kind = Literal["classifier", "agent", "snapshot", "population"]

WORDS = {
    "classifier": "a classifier",
    "agent": "an agent",
    "snapshot": "a snapshot of an agent",
    "population": "a population (the agents of a sweep)",
}

ONLY_AGENTS = ("levels", "mazes", "samples", "world", "dial", "view", "recipes")
ONLY_CLASSIFIERS = ("images", "count", "method", "factors", "families", "scaling", "labels")
"""Settings that mean nothing for the others."""


@dataclass(frozen=True)
class Member:
    """One of those that are compared: the name it goes by, the text that was given, and its kind.

    ``source`` is a model's name, or the folder, zip or organism. ``weights`` is a classifier's file; ``steps`` are a
    snapshot's, None at the end of training.
    """

    name: str
    text: str
    kind: Kind
    source: str
    weights: str | None = None
    steps: int | None = None


@dataclass(frozen=True)
class Settings:
    """How it is compared; up to ``recipes`` for agents (of populations the recipes that are taken; ``world``, ``dials``
    and ``view`` where zips play), ``seed`` for all, the rest for classifiers."""

    levels: int = 1000
    mazes: int = 3
    samples: int = 2000
    world: str | None = None
    dials: Mapping[str, Any] = field(default_factory=dict)
    view: str | None = None
    recipes: tuple[str, ...] = ()
    seed: int = 0
    images: Path | None = None
    count: int | None = None
    method: str | None = None
    factors: tuple[str, ...] | None = None
    families: tuple[Path, ...] = ()
    scaling: str | None = None
    labels: Path | None = None
    device: str | None = field(default=None)


def members(texts: Sequence[str]) -> tuple[Member, ...]:
    """The texts as members of one comparison, all of one kind.

    A text is a classifier (``shapes``, ``resnet18@file.safetensors``, ``shapes@untrained``, the folder of
    ``gridlens train-classifier``), an agent's folder, zip or organism, ``AGENT@STEPS`` for a snapshot, or the folder
    of a sweep (which may be alone: its recipes are compared). ``AGENT@last``, or the agent itself among its snapshots,
    is the agent at the end. ``NAME=`` before a text gives it a name of its own.

    Raises
    ------
    BadInput
        if there are fewer than two, two of one name, or kinds that cannot be compared.
    UnknownName
        if there is nothing of that name.

    >>> [member.name for member in members(["shapes", "again=shapes"])]
    ['shapes', 'again']
    """
    found = _of_one_agent([member_of(text) for text in texts])
    if len(found) < 2 and not (found and found[0].kind == "population"):
        given = f"only {texts[0]!r} was given" if texts else "none was given"
        raise BadInput(f"a comparison needs at least two classifiers, agents, snapshots or sweeps; {given}")
    _refuse_mixed(found)
    _refuse_one_name(found)
    return tuple(found)


def member_of(text: str) -> Member:
    """One text as a member.

    >>> found = member_of("mine=shapes@untrained")
    >>> found.name, found.kind, found.source, found.weights
    ('mine', 'classifier', 'shapes', 'untrained')
    """
    named = re.fullmatch(r"([\w.+-]+)=(.+)", text)
    if named and not Path(text).exists():
        name, rest = named.groups()
    else:
        name, rest = "", text
    found = _at(rest) if "@" in rest and not Path(rest).exists() else _whole(rest)
    return Member(name or found.name, text, found.kind, found.source, found.weights, found.steps)


def _at(text: str) -> Member:
    """What stands before the last @, at a step of its training or with weights from a file."""
    source, _, detail = text.rpartition("@")
    if _agent(source):
        if detail == LAST:
            return _at_the_end(text, source)
        if not detail.isdigit():
            raise BadInput(
                f"{text!r}: a snapshot is named by its steps of training, as in {source}@100000 or {source}@{LAST}; "
                f"got {detail!r}"
            )
        return Member(
            f"{_last(source)} at {int(detail):,} steps", text, "snapshot", source, steps=int(detail)
        )
    _refuse_unknown(source)
    if detail.isdigit() and not Path(detail).exists():
        raise BadInput(
            f"{source!r} is a classifier, which has no snapshots; give a file of weights after the @, or 'untrained'"
        )
    which = detail if detail in ("untrained", "default") else Path(detail).stem
    model = source.rpartition(":")[2]
    return Member(model if which == model else f"{model} ({which})", text, "classifier", source, detail)


def _at_the_end(text: str, source: str) -> Member:
    return Member(f"{_last(source)} at the end", text, "snapshot", source)


def _of_one_agent(found: Sequence[Member]) -> list[Member]:
    """An agent among its own snapshots is the one at the end."""
    taken = {member.source for member in found if member.kind == "snapshot"}
    return [
        _ended(member) if member.kind == "agent" and member.source in taken else member for member in found
    ]


def _ended(member: Member) -> Member:
    end = _at_the_end(member.text, member.source)
    return end if member.name == _last(member.source) else replace(end, name=member.name)


def _whole(text: str) -> Member:
    path = Path(text)
    if path.is_dir() and (path / MANIFEST).exists():
        kind = read_json(path / MANIFEST).get("kind")
        if kind == "sweep":
            return Member(_last(text), text, "population", text)
        if kind == "train-classifier":
            return Member(_last(text), text, "classifier", "shapes", str(path / WEIGHTS))
    if _agent(text):
        return Member(_last(text), text, "agent", text)
    _refuse_unknown(text)
    return Member(text.rpartition(":")[2], text, "classifier", text)


def _agent(text: str) -> bool:
    """A zip, an organism, or a folder; one that is called like a classifier must hold an agent to be meant."""
    if text in models.names() and not (Path(text) / NETWORK).exists():
        return False
    return is_zip(text) or folder_of_agent(text)


def _last(text: str) -> str:
    """The name of a folder or zip."""
    path = Path(text)
    return path.stem if is_zip(text) else path.resolve().name if path.exists() else text


def _refuse_unknown(text: str) -> None:
    if ":" not in text and text not in models.names():
        raise UnknownName(
            "agent folder, sweep, organism or classifier", text, [*organisms(), *models.names()]
        )


def _refuse_mixed(found: Sequence[Member]) -> None:
    kinds = {member.kind: member for member in reversed(found)}
    if len(kinds) > 1:
        one, other = (kinds[kind] for kind in list(dict.fromkeys(member.kind for member in found))[:2])
        raise BadInput(
            f"{one.text!r} is {WORDS[one.kind]} and {other.text!r} {WORDS[other.kind]}, which cannot be compared; "
            "give classifiers, agents of one world, snapshots of one agent (AGENT@STEPS), or finished sweeps"
        )
    agents = dict.fromkeys(member.source for member in found if member.kind == "snapshot")
    if len(agents) > 1:
        one_agent, another = list(agents)[:2]
        raise BadInput(
            f"snapshots are compared of one agent; given {one_agent!r} and {another!r} "
            "(compare the agents themselves, without @)"
        )


def _refuse_one_name(found: Sequence[Member]) -> None:
    held: dict[str, Member] = {}
    for member in found:
        if member.name in held:
            raise BadInput(
                f"two of the name {member.name!r} cannot be told apart ({held[member.name].text!r} and "
                f"{member.text!r}); name one, as in other={member.text.partition('=')[2] or member.text}"
            )
        held[member.name] = member


def refuse_unfitting(kind: Kind, given: Sequence[str]) -> None:
    """Raise where options were ``given`` (by name) that mean nothing for this kind.

    Raises
    ------
    BadInput
        naming the option, and what it is for.

    >>> refuse_unfitting("classifier", ["seed"])
    """
    foreign = ONLY_AGENTS if kind == "classifier" else ONLY_CLASSIFIERS
    wrong = next((name for name in given if name in foreign), None)
    if wrong is not None:
        whose = "agents" if kind == "classifier" else "classifiers"
        raise BadInput(f"--{wrong} is for {whose}; {WORDS[kind]} takes no such option")
