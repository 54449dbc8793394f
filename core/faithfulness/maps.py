"""Maps to be judged: brought to the input's size, put in order, read from npz and npy files."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.errors import BadInput, NotFinite, Unreadable


def fitted(
    maps: Float[Tensor, "m rows columns"], inputs: Float[Tensor, "n c h w"], *, name: str = "maps"
) -> Float[Tensor, "n h w"]:
    """Maps of any resolution at that of the inputs (bilinear, averaged where they were finer), on their device.

    Raises
    ------
    BadInput
        if there is not one map (rows, columns) for each input.
    NotFinite
        if a map has NaN or infinity; says for which input.

    >>> fitted(torch.rand(2, 7, 7), torch.rand(2, 3, 28, 28)).shape
    torch.Size([2, 28, 28])
    """
    if maps.ndim != 3 or len(maps) != len(inputs):
        raise BadInput(
            f"{name} of shape {tuple(maps.shape)} do not fit {len(inputs)} inputs; "
            f"expected ({len(inputs)}, rows, columns)"
        )
    finite = torch.isfinite(maps).flatten(1).all(1)
    if not finite.all():
        raise NotFinite(f"{name} have NaN or infinity, first for input {int((~finite).int().argmax())}")
    maps = maps.detach().to(inputs.device, torch.float32)
    size = tuple(inputs.shape[2:])
    if tuple(maps.shape[1:]) == size:
        return maps
    finer = maps.shape[1] > size[0] or maps.shape[2] > size[1]
    return torch.nn.functional.interpolate(maps[:, None], size, mode="bilinear", antialias=finer)[:, 0]


def ranks(
    maps: Float[Tensor, "m h w"], *, of: Int[Tensor, "m"] | None = None, seed: int
) -> Int[Tensor, "m h w"]:
    """Each position's place in its map's order, 0 the highest; equal values in an order of chance, by the seed.

    Without that, the zeros of a map would go from the upper left to the lower right. Each input has an order of
    its own; ``of`` says whose map each is, where there are several of an input.

    >>> ranks(torch.tensor([[[1.0, 3.0, 2.0]]]), seed=0).tolist()
    [[[2, 0, 1]]]
    """
    flat = maps.flatten(1)
    of = torch.arange(len(maps)) if of is None else of.cpu()
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(int(of.max()) + 1, flat.shape[1], generator=generator).argsort(1)
    chance = drawn[of].to(flat.device)
    order = chance.gather(1, flat.gather(1, chance).argsort(dim=1, descending=True, stable=True))
    places = torch.arange(flat.shape[1], device=flat.device, dtype=torch.int32).repeat(len(flat), 1)
    return torch.empty_like(places).scatter_(1, order, places).view(maps.shape)


def read_maps(path: str | Path) -> dict[str, Float[Tensor, "n rows columns"]]:
    """Maps computed elsewhere, by name: the arrays of an npz file, or the one of an npy file by the file's name.

    Arrays are (n, rows, columns), one map an input, or (n, channels, rows, columns), summed over the channels.
    Pickled arrays are not opened.

    Raises
    ------
    Unreadable
        if there is no such file, or it is not a whole npz or npy file of numbers.
    BadInput, NotFinite
        if an array has another number of axes, or holds NaN.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "elsewhere.npz"
    >>> np.savez(path, saliency=np.ones((2, 3, 8, 8)))
    >>> {name: tuple(maps.shape) for name, maps in read_maps(path).items()}
    {'saliency': (2, 8, 8)}
    """
    return {name: as_map(array, f"maps {name!r} in {str(path)!r}") for name, array in _arrays(path).items()}


def as_map(array: Any, name: str) -> Float[Tensor, "n rows columns"]:
    """A numpy array or tensor, (n, rows, columns) or with channels, as maps.

    Raises
    ------
    BadInput, NotFinite
        if it is no such array of numbers; ``name`` says which.

    >>> as_map(np.ones((2, 3, 4, 4)), "mine").sum().item()
    96.0
    """
    if not isinstance(array, Tensor):
        array = np.asarray(array)
        if array.dtype.kind not in "fiub":
            raise BadInput(f"{name} hold {array.dtype}; expected numbers")
        array = torch.from_numpy(array.astype(np.float32))
    if array.ndim not in (3, 4) or array.numel() == 0:
        raise BadInput(
            f"{name} have shape {tuple(array.shape)}; expected (n, rows, columns) or (n, channels, rows, columns)"
        )
    if not torch.isfinite(array).all():
        raise NotFinite(f"{name} hold NaN or infinity; every value of a map must be a number")
    array = array.to(torch.float32)
    maps: Tensor = array.sum(1) if array.ndim == 4 else array
    return maps


def _arrays(path: str | Path) -> dict[str, np.ndarray]:
    try:
        opened = np.load(path, allow_pickle=False)
        if isinstance(opened, np.ndarray):
            return {Path(path).stem: opened}
        with opened:
            found = {name: opened[name] for name in opened.files}
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Unreadable(f"no file of maps {str(path)!r}") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise Unreadable(
            f"{str(path)!r} is not a whole npz or npy file of numbers ({error}); nothing pickled is opened"
        ) from error
    if not found:
        raise Unreadable(f"{str(path)!r} holds no arrays; expected maps by name")
    return found
