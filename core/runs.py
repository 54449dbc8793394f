"""A run is a folder with a manifest: opened once, resumed after a kill, refused to another run."""

import datetime
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.artifacts import read_json, write_json
from core.errors import DiskFull, GridlensError, RunConflict, Unreadable, nearest
from core.provenance import code_version, versions

MANIFEST = "manifest.json"

_COMMAND: ContextVar[str] = ContextVar("command", default="")


@dataclass(frozen=True)
class Run:
    """An open run folder and the manifest as it was when opened; ``resumed`` counts earlier, broken-off tries."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def resumed(self) -> int:
        return int(self.manifest["resumed"])

    @property
    def finished(self) -> bool:
        return str(self.manifest["state"]) == "finished"


@contextmanager
def running(
    folder: str | Path,
    *,
    kind: str,
    parameters: Mapping[str, Any],
    seeds: Mapping[str, int] | None = None,
    subject: str = "",
    data: str = "",
    again: bool = False,
) -> Iterator[Run]:
    """Open a run folder; the manifest says ``finished`` only if the block ends well.

    The same kind, parameters, seeds, subject and data open the same folder again, finished or not; anything
    else in the folder is left alone and refused. ``again`` goes on with a finished run as with a broken-off one.

    Raises
    ------
    RunConflict
        if the folder holds a different run, or files that are no run.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "run"
    >>> with running(folder, kind="demo", parameters={"steps": 2}) as run:
    ...     _ = (run.folder / "result.txt").write_text("4")
    >>> is_finished(folder)
    True
    """
    folder = Path(folder)
    identity = _identity(kind, parameters, seeds, subject, data)
    manifest = _open(folder, identity, command_line(), again)
    path = folder / MANIFEST
    if manifest["state"] == "finished":
        yield Run(folder, manifest)
        return
    write_json(path, manifest)
    try:
        yield Run(folder, manifest)
    except BaseException as error:
        if isinstance(error, GridlensError) and not manifest["resumed"] and _holds_nothing_else(folder):
            path.unlink()  # bad input that showed late: nothing was made, so nothing is left behind
            folder.rmdir()
            raise
        with suppress(DiskFull):  # the manifest on disk already says that the run is not finished
            write_json(path, manifest | {"state": "stopped", "end": _now(), "why": _why(error)})
        raise
    write_json(path, manifest | {"state": "finished", "end": _now()})


def refuse_another(
    folder: str | Path,
    *,
    kind: str,
    parameters: Mapping[str, Any],
    seeds: Mapping[str, int] | None = None,
    subject: str = "",
    data: str = "",
) -> None:
    """Raise RunConflict where ``running`` would because the folder holds a different run; a missing one holds none."""
    path = Path(folder) / MANIFEST
    if path.exists():
        _refuse_another(path.parent, read_json(path), _identity(kind, parameters, seeds, subject, data))


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """The manifest of a run folder.

    Raises
    ------
    Unreadable
        if the folder is missing or is no run; the nearest run beside it is named.
    """
    folder = Path(folder)
    if (folder / MANIFEST).exists():
        return dict(read_json(folder / MANIFEST))
    beside = [path.parent.name for path in folder.parent.glob(f"*/{MANIFEST}")]
    near = nearest(folder.name, beside)
    hint = f"; the nearest run folder is {str(folder.parent / near)!r}" if near else ""
    what = "has no manifest.json, so it is no run folder" if folder.exists() else "does not exist"
    raise Unreadable(f"run folder {str(folder)!r} {what}{hint}")


def is_finished(folder: str | Path) -> bool:
    """Whether the folder holds a run that ended well."""
    path = Path(folder) / MANIFEST
    return path.exists() and read_json(path).get("state") == "finished"


def _identity(
    kind: str, parameters: Mapping[str, Any], seeds: Mapping[str, int] | None, subject: str, data: str
) -> dict[str, Any]:
    """What two runs must have in common to be the same."""
    return {
        "kind": kind,
        "parameters": _jsonable(parameters),
        "seeds": _jsonable(seeds or {}),
        "subject": subject,
        "data": data,
    }


def _holds_nothing_else(folder: Path) -> bool:
    return [path.name for path in folder.iterdir()] == [MANIFEST]


def _open(folder: Path, identity: dict[str, Any], command: str, again: bool) -> dict[str, Any]:
    fresh = identity | {
        "command": command,
        "versions": versions(),
        "code": code_version(),
        "start": _now(),
        "end": None,
        "state": "running",
        "resumed": 0,
    }
    if (folder / MANIFEST).exists():
        held = read_json(folder / MANIFEST)
        _refuse_another(folder, held, identity)
        if held["state"] == "finished" and not again:
            return dict(held)
        for left_over in folder.rglob(".*.tmp"):  # half-written files of a killed run
            left_over.unlink(missing_ok=True)
        return fresh | {"start": held["start"], "resumed": held["resumed"] + 1}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunConflict(
            f"{str(folder)!r} exists and is no run folder; name an empty or a new one with --out"
        )
    return fresh


def _refuse_another(folder: Path, held: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    for key, value in identity.items():
        if held.get(key) != value:
            raise RunConflict(
                f"{str(folder)!r} holds a different run: its {_difference(key, held.get(key), value)}; "
                f"name another folder with --out, or delete this one"
            )


def _difference(key: str, held: Any, given: Any) -> str:
    if isinstance(held, Mapping) and isinstance(given, Mapping):
        for name in [*held, *given]:
            if held.get(name) != given.get(name):
                return f"{name} is {held.get(name)!r}, this one's is {given.get(name)!r}"
    return f"{key} is {held!r}, this one's is {given!r}"


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _jsonable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value


@contextmanager
def commanded(command: str) -> Iterator[None]:
    """Inside, runs are recorded as made by ``command``: for one command that gives several others.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "run"
    >>> with commanded("gridlens train cheese"), running(folder, kind="demo", parameters={}) as run:
    ...     run.manifest["command"]
    'gridlens train cheese'
    """
    token = _COMMAND.set(command)
    try:
        yield
    finally:
        _COMMAND.reset(token)


def command_line() -> str:
    """The command that is running, as typed (or as ``commanded`` says)."""
    return _COMMAND.get() or " ".join([_program(), *sys.argv[1:]])


def _program() -> str:
    """The name to type; what ``python -m gridlens`` calls __main__.py is ``gridlens``."""
    path = Path(sys.argv[0])
    return path.parent.name if path.name == "__main__.py" else path.name


def _why(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip().rstrip(":")


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
