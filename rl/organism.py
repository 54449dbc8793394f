"""Model organisms: small trained agents that ship with Gridlens, by name; where an agent that is named lies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.artifacts import read_json
from core.errors import UnknownName, Unreadable, nearest
from core.runs import MANIFEST, read_manifest
from core.subject import Subject

HOME = Path(__file__).resolve().parent / "organisms"
CARD = "organism.json"
LARGEST, LARGEST_TOGETHER = 10**6, 25 * 10**6
"""Bytes that one file of an organism, and all organisms together, may have."""


@dataclass(frozen=True)
class Organism:
    """An agent that ships: one sentence on what it does, the command that made it, and its numbers.

    ``measured`` are the rows of ``rl.records.records``; ``evaluated`` says on how many levels, by which seed, and how
    many steps of each where a world has no limit.
    ``snapshots`` are the steps of training whose weights are kept besides the last.
    """

    name: str
    says: str
    folder: Path
    command: str
    evaluated: Mapping[str, int]
    measured: tuple[Mapping[str, Any], ...] = field(repr=False)
    snapshots: tuple[int, ...]
    size: int

    @property
    def measured_by(self) -> str:
        """The command that gives the numbers again."""
        return f"gridlens evaluate {self.name} " + " ".join(f"--{k} {v}" for k, v in self.evaluated.items())


def organisms() -> dict[str, Organism]:
    """Name to organism: the folders of ``rl/organisms``.

    >>> all(one.command.startswith("gridlens ") for one in organisms().values())
    True
    """
    return {name: about(name) for name in names()}


def names() -> list[str]:
    """The organisms' names."""
    return sorted(path.parent.name for path in HOME.glob(f"*/{CARD}"))


def about(name: str) -> Organism:
    """What is known of an organism.

    Raises
    ------
    UnknownName
        if there is none of that name; the nearest is named.
    """
    if name not in names():
        raise UnknownName("organism", name, names())
    folder = HOME / name
    card, files = read_json(folder / CARD), [path for path in folder.rglob("*") if path.is_file()]
    return Organism(
        name=name,
        says=card["says"],
        folder=folder,
        command=read_manifest(folder)["command"],
        evaluated=card["evaluated"],
        measured=tuple(card["agent"] | row for row in card["measured"]),
        snapshots=tuple(sorted(int(path.stem) for path in folder.glob("snapshots/*.safetensors"))),
        size=sum(path.stat().st_size for path in files),
    )


def organism(name: str, *, snapshot: int | None = None) -> Subject:
    """The organism of that name as a Subject, as it was at the end or at one of its ``snapshots`` (in steps).

    Raises
    ------
    UnknownName
        if there is no such organism or snapshot; the nearest is named.
    """
    from rl.agents import load  # which asks this file where organisms lie

    return load(about(name).folder, snapshot=snapshot)


def folder_of(agent: str | Path) -> Path:
    """The folder of an agent that is named by its path or, where there is no such folder, by an organism's name.

    Raises
    ------
    Unreadable
        if a bare name is neither; the nearest is named. (A path that leads nowhere is returned as it is.)

    >>> folder_of("somewhere/else").name
    'else'
    """
    path = Path(agent)
    if path.exists() or len(path.parts) != 1:
        return path
    if path.name in names():
        return HOME / path.name
    runs = [found.parent for found in (*Path().glob(f"*/{MANIFEST}"), *Path("runs").glob(f"*/{MANIFEST}"))]
    by_name = {name: name for name in names()} | {found.name: str(found) for found in runs}
    near = nearest(path.name, by_name)
    hint = f"; the nearest is {by_name[near]!r}" if near else ""
    raise Unreadable(f"there is no agent folder {path.name!r}, and no organism of that name{hint}")
