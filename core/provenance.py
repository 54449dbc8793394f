"""Where a result comes from: subject, data, seed, parameters, code version."""

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Provenance:
    """What it takes to obtain a result again; ``subject`` and ``data`` are fingerprints."""

    subject: str = ""
    data: str = ""
    seed: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""


def provenance(
    *, subject: str = "", data: str = "", seed: int | None = None, **parameters: Any
) -> Provenance:
    """A Provenance stamped with this checkout's version.

    >>> provenance(seed=3, steps=10).parameters["steps"]
    10
    """
    return Provenance(subject, data, seed, parameters, code_version())


def fingerprint(*parts: Any) -> str:
    """Twelve hex digits of SHA-256 over text, bytes and arrays (with their dtype and shape), in order.

    >>> fingerprint("a", np.zeros(2)) == fingerprint("a", np.zeros(2))
    True
    >>> fingerprint("ab") == fingerprint("a", "b")
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            digest.update(len(piece).to_bytes(8, "little"))
            digest.update(piece)
    return digest.hexdigest()[:12]


def _pieces(part: Any) -> tuple[bytes, ...]:
    if isinstance(part, str):
        return (b"text", part.encode())
    if isinstance(part, bytes):
        return (b"bytes", part)
    if hasattr(part, "detach"):
        part = part.detach().cpu().numpy()
    array = np.ascontiguousarray(part)
    return (f"{array.dtype}{array.shape}".encode(), array.tobytes())


@cache
def code_version() -> str:
    """The package version and, in a git checkout, its commit (``+`` marks uncommitted changes)."""
    root = Path(__file__).resolve().parent.parent
    try:
        release = version("gridlens")
    except PackageNotFoundError:
        release = "uninstalled"
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    dirty = "+" if commit and _git(root, "status", "--porcelain", "--untracked-files=no") else ""
    return f"{release} {commit}{dirty}".strip()


@cache
def versions() -> dict[str, str]:
    """The installed versions of the libraries that results depend on."""
    names = (
        "torch",
        "torchvision",
        "captum",
        "gymnasium",
        "stable-baselines3",
        "numpy",
        "numba",
        "scikit-learn",
    )
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def _git(root: Path, *arguments: str) -> str:
    if not (root / ".git").exists():
        return ""
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
