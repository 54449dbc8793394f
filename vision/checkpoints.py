"""Weights files into modules: they fit, or the first tensor that does not is named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from core.artifacts import read_metadata, read_tensors
from core.errors import BadInput, Unreadable, WeightsMismatch

PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".tar")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A weights file that was read whole: tensors by name, and the text that goes with them."""

    path: Path
    tensors: Mapping[str, Tensor] = field(repr=False)
    metadata: Mapping[str, str]


def read_checkpoint(path: str | Path) -> Checkpoint:
    """A safetensors file's tensors and metadata.

    Raises
    ------
    Unreadable
        if the file is missing, empty, cut short, or not safetensors; says how to turn a pickle into one.
    """
    path = Path(path)
    if path.suffix.lower() in PICKLES:
        there, here = repr(str(path)), repr(str(path.with_suffix(".safetensors")))
        convert = f"safetensors.torch.save_file(torch.load({there}, weights_only=True), {here})"
        raise Unreadable(
            f"{there} looks like a pickle, which can run any code and is never opened here; convert it with "
            f"`import torch, safetensors.torch; {convert}`, which reads nothing but tensors"
        )
    return Checkpoint(path, read_tensors(path), read_metadata(path))


def fill(module: nn.Module, checkpoint: Checkpoint, *, name: str, rename: Callable[[str], str] = str) -> None:
    """Give ``module`` a checkpoint's tensors, renamed to its own names.

    The module is left as it is where anything does not fit. Batch norm's counters may be absent.

    Raises
    ------
    WeightsMismatch
        if a tensor is missing, left over or of another shape; names the first one.
    BadInput
        if a tensor has NaN or infinity; names the first one.

    >>> import tempfile
    >>> from core.artifacts import write_tensors
    >>> path = Path(tempfile.mkdtemp()) / "w.safetensors"
    >>> write_tensors(path, nn.Linear(2, 3).state_dict(), {"input": "RGB 0..1"})
    >>> fill(nn.Linear(2, 3), read_checkpoint(path), name="tiny")
    >>> read_checkpoint(path).metadata
    {'input': 'RGB 0..1'}
    """
    tensors = {rename(there): tensor for there, tensor in checkpoint.tensors.items()}
    names = dict(zip(tensors, checkpoint.tensors, strict=False))
    problem = _first_difference(module.state_dict(), tensors, name, names)
    if problem:
        raise WeightsMismatch(f"weights {str(checkpoint.path)!r} do not fit {name}: {problem}")
    for key, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise BadInput(f"weights {str(checkpoint.path)!r} hold NaN or infinity, first in tensor {key!r}")
    module.load_state_dict(tensors, strict=False)


def _first_difference(
    wanted: dict[str, Tensor], held: dict[str, Tensor], name: str, names: dict[str, str]
) -> str | None:
    for key, tensor in wanted.items():
        if key.endswith("num_batches_tracked"):
            continue
        if key not in held:
            return f"the file has no tensor {key!r} (shape {tuple(tensor.shape)} in {name})"
        if held[key].shape != tensor.shape:
            return (
                f"tensor {names[key]!r} has shape {tuple(held[key].shape)} in the file "
                f"and {tuple(tensor.shape)} in {name}"
            )
    extra = next((key for key in held if key not in wanted), None)
    if extra is None:
        return None
    return f"the file's tensor {names[extra]!r} (shape {tuple(held[extra].shape)}) has no place in {name}"
