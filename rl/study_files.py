"""Results to disk and back: a tree of frozen dataclasses as one JSON file and one of tensors beside it."""

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from core.artifacts import read_json, read_tensors, write_json, write_tensors
from core.errors import Unreadable

Result = TypeVar("Result")

HOMES = (
    "core.provenance.Provenance",
    "core.uncertainty.Interval",
    "core.probing.result.ProbeResult",
    "core.probing.knowledge.Knowledge",
    "core.probing.use.Use",
    "core.targets.Direction",
    "core.attribution.result.Attribution",
    "core.similarity.cka.CkaMatrix",
    "rl.learning.result.Misread",
    "rl.misgeneralisation.Evaluation",
    "rl.misgeneralisation.Outcome",
    "rl.fields.Field",
    "rl.fields.field.Field",
    "rl.study.Explained",
)
"""The result types that may stand in a file; nothing else is ever made from one."""


def kept(path: Path, make: Callable[[], Result]) -> Result:
    """The result stored at ``path`` (without ending), made and stored first if it is not there."""
    if path.with_suffix(".json").exists():
        return read(path)
    result = make()
    write(path, result)
    return result


def write(path: Path, result: Any) -> None:
    """Store a result as ``path``.json and, first, the arrays in it as ``path``.safetensors.

    >>> import tempfile
    >>> from core.uncertainty import Interval
    >>> place = Path(tempfile.mkdtemp()) / "one"
    >>> write(place, (Interval(0.5, 0.4, 0.6, 10), torch.arange(2), np.zeros(3)))
    >>> read(place)
    (Interval(estimate=0.5, low=0.4, high=0.6, n=10, level=0.95), tensor([0, 1]), array([0., 0., 0.]))
    """
    tensors: dict[str, Any] = {}
    plain = _plain(result, tensors, "")
    if tensors:
        write_tensors(path.with_suffix(".safetensors"), tensors)
    write_json(path.with_suffix(".json"), plain)


def read(path: Path) -> Any:
    """The result that ``write`` stored.

    Raises
    ------
    Unreadable
        if a file is missing, cut short, or names what is no result.
    """
    plain = read_json(path.with_suffix(".json"))
    arrays = path.with_suffix(".safetensors")
    return _whole(plain, read_tensors(arrays) if arrays.exists() else {}, path)


def _plain(value: Any, tensors: dict[str, Any], at: str) -> Any:
    if isinstance(value, torch.Tensor | np.ndarray):
        name = at.strip(".") or "result"
        tensors[name] = value.clone() if isinstance(value, torch.Tensor) else np.array(value)
        return {"tensor": name, "of": "torch" if isinstance(value, torch.Tensor) else "numpy"}
    if dataclasses.is_dataclass(value):
        home = f"{type(value).__module__}.{type(value).__qualname__}"
        inner = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        return {"type": home, "fields": {k: _plain(v, tensors, f"{at}.{k}") for k, v in inner.items()}}
    if isinstance(value, Mapping):
        return {"mapping": {str(k): _plain(v, tensors, f"{at}.{k}") for k, v in value.items()}}
    if isinstance(value, tuple | list):
        return {type(value).__name__: [_plain(v, tensors, f"{at}.{i}") for i, v in enumerate(value)]}
    return value.item() if isinstance(value, np.generic) else value


def _whole(value: Any, tensors: dict[str, Any], path: Path) -> Any:
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        if value["tensor"] not in tensors:
            raise Unreadable(
                f"{str(path)!r}.safetensors lacks {value['tensor']!r}; delete {path.name}.json and run again"
            )
        found = tensors[value["tensor"]]
        return found if value["of"] == "torch" else found.numpy()
    if "type" in value:
        if value["type"] not in HOMES:
            raise Unreadable(
                f"{str(path)!r}.json names {value['type']!r}, which is no result; delete it and run again"
            )
        module, _, name = value["type"].rpartition(".")
        inner = {k: _whole(v, tensors, path) for k, v in value["fields"].items()}
        return getattr(importlib.import_module(module), name)(**inner)
    kind, inner = next(iter(value.items()))
    if kind == "mapping":
        return {k: _whole(v, tensors, path) for k, v in inner.items()}
    items = [_whole(item, tensors, path) for item in inner]
    return tuple(items) if kind == "tuple" else items
