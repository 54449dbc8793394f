"""A zip of stable-baselines3 as tensors and plain JSON; what is pickled in it is never unpickled."""

import io
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from pickle import UnpicklingError  # the error that torch raises; nothing is unpickled here
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import NotFinite, Unreadable
from rl.foreign.instructions import check_instructions

POLICY, DATA, VERSION = "policy.pth", "data", "_stable_baselines3_version"
ZIP, MIB = b"PK\x03\x04", 2**20
LIMITS: Mapping[str, int] = {POLICY: 512 * MIB, DATA: 64 * MIB, VERSION: 1024}
"""The members that are read, and the most bytes that each may unpack to."""
MEMBERS, VALUES = 256, 2**27
"""The most members that a zip may have, and numbers that its tensors may hold."""

BROKEN = (
    *(
        UnpicklingError,
        RuntimeError,
        EOFError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
    ),
    *(ArithmeticError, MemoryError, ImportError, OSError, struct.error, zipfile.BadZipFile, zlib.error),
)
"""What torch's reader of tensors raises where a file is not what it promises."""


@dataclass(frozen=True, eq=False)
class Archive:
    """What was read of a zip: tensors by name; ``data`` without any pickled value; the version that wrote it."""

    path: Path
    tensors: Mapping[str, Tensor] = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    version: str


def read(path: str | Path) -> Archive:
    """The tensors of ``policy.pth`` (float32, by ``weights_only``) and the plain JSON of ``data``.

    Nothing is unpacked to disk; no other member is opened. A zip without ``data`` has empty ``data``.

    Raises
    ------
    Unreadable
        if there is no such file, or it is no zip, cut short, holds no policy, asks for more memory than an agent
        needs, or its policy holds anything but tensors; says what was found.
    NotFinite
        if a tensor holds NaN or infinity; names it.
    """
    path = Path(path)
    if path.exists() and not path.is_file():  # a pipe or a device would be waited for, or never end
        raise Unreadable(f"no zip file {str(path)!r}: it is a folder, a pipe or a device")
    try:
        with zipfile.ZipFile(path) as opened:
            _check_members(path, opened)
            if POLICY not in opened.namelist():
                raise Unreadable(
                    f"{str(path)!r} holds no {POLICY} (it holds {_some(opened.namelist())}); "
                    "expected a zip saved by stable-baselines3"
                )
            held = {name: _member(path, opened, name) for name in LIMITS if name in opened.namelist()}
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Unreadable(f"no zip file {str(path)!r}") from error
    except PermissionError as error:
        raise Unreadable(f"{str(path)!r} may not be read") from error
    except BROKEN as error:
        raise Unreadable(_not_whole(path, error)) from error
    version = held.get(VERSION, b"").decode(errors="replace").strip()
    return Archive(path, _tensors(path, held[POLICY]), _plain(path, held.get(DATA)), version)


def _check_members(path: Path, opened: zipfile.ZipFile) -> None:
    """Refuse names that point elsewhere, names used twice, and more members or bytes than an agent has."""
    names = [info.orig_filename for info in opened.infolist()]
    if len(names) > MEMBERS:
        raise Unreadable(f"{str(path)!r} has {len(names)} members; an agent's zip has about 6")
    for name in names:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or ".." in parts or parts[0] == "/" or ":" in name or "\0" in name:
            raise Unreadable(f"{str(path)!r} has a member that points outside it: {name!r}; it is not opened")
    start = min((info.header_offset for info in opened.infolist()), default=0)
    if start > 0:  # of a zip cut short, the table of contents of a zip inside it may be taken for its own
        raise Unreadable(
            f"{str(path)!r} is cut short, or a zip inside something else: its members begin at byte {start:,}; "
            "copy or download it again"
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Unreadable(f"{str(path)!r} holds {twice!r} twice; it is not opened")
    for name, most in LIMITS.items():
        size = opened.getinfo(name).file_size if name in names else 0
        if size > most:
            raise Unreadable(
                f"{name} of {str(path)!r} would unpack to {size:,} bytes; at most {most:,} are read"
            )


def _member(path: Path, opened: zipfile.ZipFile, name: str) -> bytes:
    if opened.getinfo(name).flag_bits & 1:
        raise Unreadable(f"{name} of {str(path)!r} is encrypted; expected a plain zip of stable-baselines3")
    with opened.open(name) as member:
        return member.read(LIMITS[name] + 1)


def _tensors(path: Path, content: bytes) -> dict[str, Tensor]:
    where = f"{POLICY} of {str(path)!r}"
    _check_inside(where, content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd formats, which the checks here refuse
            check_instructions(where, content)
            held = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    except BROKEN as error:
        raise Unreadable(_not_tensors(where, error)) from error
    if not isinstance(held, Mapping) or not held:
        raise Unreadable(f"{where} holds {type(held).__name__}; expected tensors by name")
    for name, value in held.items():
        _check_tensor(where, name, value)
    total = sum(value.numel() for value in held.values())
    if total > VALUES:
        raise Unreadable(f"{where} has tensors of {total:,} numbers; at most {VALUES:,} are read")
    tensors = {str(name): value.detach().float().contiguous() for name, value in held.items()}
    bad = next((name for name, value in tensors.items() if not bool(torch.isfinite(value).all())), None)
    if bad is not None:
        raise NotFinite(f"{where} holds NaN or infinity, first in tensor {bad!r}")
    return tensors


def _check_inside(where: str, content: bytes) -> None:
    """torch's own file is a zip as well, which might be a bomb where the outer one is none."""
    if not content.startswith(ZIP):
        return  # torch before 1.6 wrote another format; the first bytes are what torch itself goes by
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as inside:
            size = sum(info.file_size for info in inside.infolist())
            names = [info.orig_filename.lower() for info in inside.infolist()]
    except BROKEN as error:
        raise Unreadable(f"{where} is cut short or damaged ({error})") from error
    if size > LIMITS[POLICY]:
        raise Unreadable(f"{where} would unpack to {size:,} bytes; at most {LIMITS[POLICY]:,} are read")
    if len(set(names)) < len(names):  # which of the two is read is another matter for each reader of zips
        raise Unreadable(f"{where} holds a part twice; it is not opened")


def _check_tensor(where: str, name: object, value: object) -> None:
    if not isinstance(value, Tensor) or type(value) not in (Tensor, nn.Parameter):
        raise Unreadable(f"{where} holds {type(value).__name__} {str(name)!r}; expected tensors alone")
    counter = (
        value.dtype == torch.int64 and value.ndim == 0
    )  # batch norm's, which tells of what algorithm it is
    plain = value.layout == torch.strided and value.device.type == "cpu"
    if not plain or not (value.is_floating_point() or counter):
        kind = f"{value.dtype}, {value.layout}, on {value.device}".replace("torch.", "")
        raise Unreadable(f"tensor {str(name)!r} of {where} is {kind}; expected plain floating-point numbers")


def _not_tensors(where: str, error: BaseException) -> str:
    first = (str(error).splitlines() or [""])[0].split("Weights only load failed.")[-1].strip()
    return f"{where} is not a whole file of tensors ({type(error).__name__}{': ' * bool(first)}{first[:120]})"


def _plain(path: Path, content: bytes | None) -> dict[str, Any]:
    """What ``data`` says in plain JSON; base64 pickles are left out, unread."""
    if content is None:
        return {}
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{DATA} of {str(path)!r} is not a JSON document ({error})") from error
    if not isinstance(data, dict):
        raise Unreadable(f"{DATA} of {str(path)!r} is a JSON {type(data).__name__}; expected an object")
    return {key: _unpickled(value) for key, value in data.items()}


def _unpickled(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: inner for key, inner in value.items() if key != ":serialized:"}


def _not_whole(path: Path, error: BaseException) -> str:
    with path.open("rb") as handle:
        start = handle.read(4)
    size = path.stat().st_size
    if start != ZIP:
        return f"{str(path)!r} ({size:,} bytes) is not a zip; expected one saved by stable-baselines3"
    return f"{str(path)!r} ({size:,} bytes) is cut short or damaged ({error}); copy or download it again"


def _some(names: list[str]) -> str:
    return (", ".join(names[:4]) or "nothing") + (f" and {len(names) - 4} more" if len(names) > 4 else "")
