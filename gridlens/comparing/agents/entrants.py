"""Entrants: the agents of one comparison, opened - folders, organisms, zips, and snapshots of one of these."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.runs import read_manifest
from core.subject import Subject
from gridlens.comparing.asked import Member
from gridlens.opened import Elsewhere, Opened, is_zip, opened_together
from rl.agents import AgentInfo, info, load
from rl.organism import folder_of


@dataclass(frozen=True, eq=False)
class Entrant:
    """One agent of a comparison: by the ``name`` it goes by, opened, and what is known of its training.

    ``folder`` and ``command`` are missing of a zip. ``steps`` are those of a snapshot. ``recipe``: all that it was
    trained with but the seed, None where that is not known.
    """

    name: str
    subject: Subject
    about: AgentInfo
    folder: Path | None = None
    command: str = ""
    recipe: dict[str, Any] | None = field(default=None, repr=False)
    steps: int | None = None
    notes: tuple[str, ...] = ()


def entrants(members: Sequence[Member], elsewhere: Elsewhere = Elsewhere()) -> list[Entrant]:
    """Every member opened; ``elsewhere`` says where zips play.

    Raises
    ------
    BadInput
        if a zip plays in no world of ours, or ``elsewhere`` is given without one; and as ``gridlens.opened.opened``.
    Unreadable, UnknownName, WeightsMismatch
        if there is no such agent or snapshot, or it cannot be opened.
    """
    given = opened_together([member.source for member in members], elsewhere)
    found = [_entrant(member, one) for member, one in zip(members, given, strict=True)]
    return [_short(one) for one in found] if agent_of(found) else found


def agent_of(found: Sequence[Entrant]) -> str:
    """The agent that all are snapshots of; "" where they are several agents."""
    one = len({entrant.folder for entrant in found}) == 1 and len({entrant.steps for entrant in found}) > 1
    return found[0].about.name if one else ""


def _short(entrant: Entrant) -> Entrant:
    """A snapshot by its step alone, unless it was given a name."""
    if not re.fullmatch(r".+ at (the end|[\d,]+ steps)", entrant.name):
        return entrant
    name = f"step {entrant.steps:,}"
    return replace(entrant, name=name, subject=replace(entrant.subject, name=name))


def _entrant(member: Member, found: Opened) -> Entrant:
    if found.agent is None:
        raise BadInput(
            f"{member.text!r} plays {found.env_id!r}, which is no world of ours; agents are compared where goal and "
            "proxy are known (--world names the world that a zip plays)"
        )
    if is_zip(member.source):
        subject = replace(found.subject, name=member.name)
        return Entrant(member.name, subject, found.agent, notes=found.notes)
    folder = folder_of(member.source)
    manifest, steps = read_manifest(folder), member.steps
    subject = found.subject if steps is None else load(folder, snapshot=steps)
    return Entrant(
        name=member.name,
        subject=replace(subject, name=member.name),
        about=info(folder),
        folder=folder,
        command=str(manifest.get("command", "")),
        recipe=dict(manifest.get("parameters", {})),
        steps=steps if steps is not None or member.kind == "agent" else info(folder).steps,
    )


def same_recipe(found: Sequence[Entrant]) -> bool:
    """Whether several agents were trained alike but for their seed."""
    recipes = [one.recipe for one in found]
    seeds = {one.about.seed for one in found}
    return (
        len(seeds) == len(found) > 1 and recipes[0] is not None and all(one == recipes[0] for one in recipes)
    )
