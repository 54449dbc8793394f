"""Weights files into modules: they fit, or the first tensor that does not is named."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from core.artifacts import read_metadata, read_tensors
from core.errors import BadInput, Unreadable, WeightsMismatch

PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".tar")


def load_tensors(
    module: nn.Module, path: str | Path, *, name: str, rename: Callable[[str], str] = str
) -> dict[str, str]:
    """Fill ``module`` with a safetensors file's tensors, renamed to its own names; returns the file's metadata.

    The module is left as it is where anything does not fit. Batch norm's counters may be absent.

    Raises
    ------
    Unreadable
        if the file is missing, empty, cut short, or not safetensors.
    WeightsMismatch
        if a tensor is missing, left over or of another shape; names the first one.

    >>> import tempfile
    >>> from core.artifacts import write_tensors
    >>> path = Path(tempfile.mkdtemp()) / "w.safetensors"
    >>> write_tensors(path, nn.Linear(2, 3).state_dict(), {"input": "RGB 0..1"})
    >>> load_tensors(nn.Linear(2, 3), path, name="tiny")
    {'input': 'RGB 0..1'}
    """
    path = Path(path)
    if path.suffix.lower() in PICKLES:
        raise Unreadable(
            f"{str(path)!r} looks like a pickle, which can run any code and is never opened here; "
            "save its tensors as .safetensors"
        )
    given = read_tensors(path)
    tensors = {rename(there): tensor for there, tensor in given.items()}
    names = dict(zip(tensors, given, strict=False))
    problem = _first_difference(module.state_dict(), tensors, name, names)
    if problem:
        raise WeightsMismatch(f"weights {str(path)!r} do not fit {name}: {problem}")
    module.load_state_dict(tensors, strict=False)
    return read_metadata(path)


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


def check_finite(module: nn.Module, path: str | Path) -> None:
    """Refuse weights with NaN or infinity, naming the first tensor that has one.

    Raises
    ------
    BadInput
        if there is one.
    """
    for key, tensor in module.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise BadInput(f"weights {str(path)!r} hold NaN or infinity, first in tensor {key!r}")
