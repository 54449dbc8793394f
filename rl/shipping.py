"""ship(): an agent folder made into a model organism, with its numbers measured; for those who develop Gridlens."""

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.artifacts import write_json
from core.errors import BadInput, RunConflict, UnknownName
from core.progress import Progress, silent
from core.runs import MANIFEST, is_finished, read_manifest
from rl import organism
from rl.agents import NETWORK, POLICY, SNAPSHOTS, info, load, snapshots
from rl.misgeneralisation import evaluate
from rl.organism import CARD, LARGEST, LARGEST_TOGETHER, Organism, about
from rl.records import records

CURVE = "curve.csv"
MEASURED = ("where", "where_dials", "player", "measure", "estimate", "low", "high", "n")
"""The columns of a record that differ between an agent's rows; the others are written once."""
ROOT = Path(__file__).resolve().parent.parent


def ship(
    folder: str | Path,
    name: str,
    *,
    says: str,
    kept: Sequence[int] = (),
    levels: int = 1000,
    seed: int = 0,
    steps: int = 1000,
    progress: Progress = silent,
) -> Organism:
    """Copy a finished agent to ``rl/organisms/NAME`` and measure it there, as ``gridlens evaluate NAME`` would.

    ``says`` is one sentence on what it does, ``kept`` the steps of the snapshots that go with it. Paths of this machine
    are taken out of the manifest: those in the project become relative, others ``runs/THEIR-NAME``. Nothing is
    left behind where it fails.

    Raises
    ------
    BadInput
        if the name is not of small letters, digits and hyphens, the agent has not finished, its command is not known,
        a file is too large, all organisms together would be, or ``says`` is not one line.
    UnknownName
        if there is no such snapshot.
    RunConflict
        if there is an organism of that name.
    """
    source, home = Path(folder), organism.HOME
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise BadInput(
            f"an organism's name is small letters, digits and hyphens, as in monster-25; given {name!r}"
        )
    if (home / name).exists():
        raise RunConflict(f"there is an organism {name!r} already; delete {str(home / name)!r} first")
    _check(source, says, kept)
    found = _measured(source, name, levels=levels, seed=seed, steps=steps, progress=progress)
    card = {
        "says": says,
        "evaluated": {"levels": levels, "seed": seed, "steps": steps},
        "agent": {column: value for column, value in found[0].items() if column not in MEASURED},
        "measured": [{column: row[column] for column in MEASURED} for row in found],
    }
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=f".{name}.") as made:
        copy = Path(made) / name
        _copy(source, copy, kept)
        write_json(copy / CARD, card)
        _check_sizes(copy, home)
        copy.rename(home / name)
    return about(name)


def _measured(
    source: Path, name: str, *, levels: int, seed: int, steps: int, progress: Progress
) -> list[dict[str, Any]]:
    """What ``gridlens evaluate`` finds, one row a measure."""
    known = replace(info(source), name=name)
    result = evaluate(
        load(source),
        known.world,
        view=known.view,
        levels=levels,
        seed=seed,
        steps=steps,
        progress=progress,
    )
    return records(known, result)


def _check(source: Path, says: str, kept: Sequence[int]) -> None:
    manifest = read_manifest(source)
    if not is_finished(source):
        raise BadInput(f"agent {str(source)!r} is {manifest['state']}; expected one that has finished")
    if not str(manifest.get("command", "")).startswith("gridlens "):
        raise BadInput(
            f"the manifest of {str(source)!r} says {manifest.get('command')!r} made it; expected a gridlens command"
        )
    if not says.strip() or "\n" in says or len(says) > 200:
        raise BadInput(f"what an organism does is one sentence of at most 200 letters; given {len(says)}")
    for step in kept:
        if step not in snapshots(source):
            raise UnknownName(f"snapshot of {source.name}", str(step), map(str, snapshots(source)))


def _copy(source: Path, copy: Path, kept: Sequence[int]) -> None:
    """The files of an agent that ship; no dates or permissions of this machine."""
    for path in (
        source / NETWORK,
        source / POLICY,
        source / CURVE,
        *(snapshots(source)[step] for step in kept),
    ):
        to = copy / (f"{SNAPSHOTS}/{path.name}" if path.parent.name == SNAPSHOTS else path.name)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
    write_json(copy / MANIFEST, _without_paths(read_manifest(source)))


def _without_paths(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_paths(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_paths(inner) for inner in value]
    if isinstance(value, str):
        return re.sub(r"(?<![^\s='\"])/[^\s'\"]+", lambda found: _relative(Path(found[0])), value)
    return value


def _relative(path: Path) -> str:
    """A path that means something on other machines.

    >>> _relative(Path("/home/somebody/agents/corner")), _relative(ROOT / "rl" / "agents.py")
    ('runs/corner', 'rl/agents.py')
    """
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else f"runs/{path.name}"


def _check_sizes(copy: Path, home: Path) -> None:
    sizes = {path: path.stat().st_size for path in copy.rglob("*") if path.is_file()}
    largest = max(sizes, key=lambda path: sizes[path])
    if sizes[largest] > LARGEST:
        raise BadInput(
            f"{largest.name} has {sizes[largest]:,} bytes; a file of an organism has at most {LARGEST:,}"
        )
    together = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    if together > LARGEST_TOGETHER:
        raise BadInput(
            f"with {copy.name} the organisms would have {together:,} bytes; at most {LARGEST_TOGETHER:,} ship"
        )
