"""Observations that an agent saw through VecNormalize: whether it did, and the statistics, from an npz."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import BadInput, Unreadable
from core.subject import InputSpec
from rl.foreign.archive import Archive
from rl.foreign.signs import Kind
from rl.foreign.spaces import Surroundings

LARGEST = 16 * 2**20
"""Bytes that a file of statistics may unpack to: two numbers for each that an agent sees."""
RAW = "raw"
"""Said in place of a file: the agent saw its observations as they are."""


@dataclass(frozen=True)
class Statistics:
    """What VecNormalize does: subtract ``mean``, divide by the root of ``var + epsilon``, bound by ``clip``."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    clip: float


def read_statistics(path: str | Path) -> Statistics:
    """Statistics from an npz of ``mean`` and ``var``, and optionally ``epsilon`` (1e-8) and ``clip_obs`` (10).

    Raises
    ------
    Unreadable
        if the file is missing or no npz with these arrays.
    BadInput
        if they do not fit each other, or a variance is negative or not finite.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as opened:
            size = sum(member.file_size for member in opened.infolist())
        if size > LARGEST:
            raise Unreadable(
                f"{str(path)!r} would unpack to {size:,} bytes; statistics have at most {LARGEST:,}"
            )
        with np.load(path, allow_pickle=False) as held:
            mean, var = (np.asarray(held[name], float).reshape(-1) for name in ("mean", "var"))
            epsilon, clip = (
                float(held[name]) if name in held else default
                for name, default in (("epsilon", 1e-8), ("clip_obs", 10.0))
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise Unreadable(f"{str(path)!r} is not an npz with arrays 'mean' and 'var' ({error})") from error
    if (
        len(mean) != len(var)
        or not np.isfinite([*mean, *var, epsilon, clip]).all()
        or (var + epsilon <= 0).any()
    ):
        raise BadInput(
            f"statistics {str(path)!r} have {len(mean)} means and {len(var)} variances, or odd values"
        )
    return Statistics(tuple(mean.tolist()), tuple(np.sqrt(var + epsilon).tolist()), clip)


def input_spec(around: Surroundings, *, divide: float, statistics: Statistics | None) -> InputSpec:
    """How the agent's inputs are scaled: by its statistics, or divided by one number.

    Raises
    ------
    BadInput
        if the statistics are of another number of inputs.
    """
    count = around.shape[0]
    if statistics is None:
        return InputSpec(around.shape, (0.0,) * count, (divide,) * count, around.channels)
    if around.shape[1:] != (1, 1) or len(statistics.mean) != count:
        raise BadInput(
            f"statistics of {len(statistics.mean)} numbers do not fit {around.env_id}, whose observation has shape "
            f"{around.shape}"
        )
    return InputSpec(around.shape, statistics.mean, statistics.std, around.channels)


def note(archive: Archive, kind: Kind) -> str | None:
    """What to tell of an agent that is played on raw observations though it may have seen normalised ones.

    ``data`` shows it for PPO and A2C: they kept an observation of before normalising. Whether observations or only
    rewards were normalised stands in a pickle.

    Raises
    ------
    BadInput
        if the statistics lie beside the zip, in a pickle: they are needed, and never opened.
    """
    kept = archive.data.get("_last_original_obs") is not None
    if kind == "actor-critic" and not kept:
        return None
    beside = _pickle_beside(archive.path)
    if beside is not None:
        raise BadInput(
            f"{str(archive.path)!r} was trained with VecNormalize, whose statistics lie in the pickle "
            f"{beside.name!r}, which is never opened; give them as an npz of 'mean' and 'var' (--normalisation "
            f"FILE.npz), or say that the agent saw raw observations (--normalisation {RAW})"
        )
    if kind != "actor-critic":
        return None  # DQN keeps such an observation in any case
    return (
        "it was trained with VecNormalize, whose statistics are not in the zip: it plays on raw observations here; "
        "give the statistics by --normalisation FILE.npz if you have them"
    )


def _pickle_beside(path: Path) -> Path | None:
    """A file of VecNormalize's in the zip's folder, or where the RL Zoo puts it, in the folder of its name."""
    found = [*path.parent.glob("*.pkl"), *(path.parent / path.stem).glob("*.pkl")]
    return next(
        (file for file in sorted(found) if "vecnormalize" in file.name.lower().replace("_", "")), None
    )
