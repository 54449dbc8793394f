"""Room: what an autoencoder needs of memory while it learns, and what there is."""

from pathlib import Path

import torch

from core.errors import BadInput

GIGA = 1e9


def refuse_too_wide(k: int, channels: int, batch_size: int, device: str) -> None:
    """Raise if an autoencoder of ``k`` atoms does not fit into memory, before anything is made.

    Raises
    ------
    BadInput
        if it does not; says how much it needs, how much there is, and how many atoms would fit.

    >>> refuse_too_wide(64, 16, 512, "cpu")
    """
    there = room(device)
    need = needed(k, channels, batch_size)
    if there is None or need <= there:
        return
    each = needed(1, channels, batch_size) - needed(0, channels, batch_size)
    most = max(0, int((there - needed(0, channels, batch_size)) // each))
    raise BadInput(
        f"a sparse autoencoder of {k:,} atoms on {channels:,} channels needs {need / GIGA:,.1f} GB of memory and "
        f"{device} has {there / GIGA:,.1f} GB free; ask for at most {most:,} atoms or a smaller batch_size"
    )


def needed(k: int, channels: int, batch_size: int) -> int:
    """Bytes: atoms and encoder with gradient, two moments and a temporary; five arrays of codes; the rows.

    >>> needed(1024, 256, 512)
    25165824
    """
    return 4 * (2 * 5 * k * channels + 6 * batch_size * k + 4 * batch_size * channels)


def room(device: str) -> int | None:
    """Free bytes on a device; None where the system does not say."""
    if device.startswith("cuda"):
        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    known = [
        _available(),
        _left_of_group("memory.max", "memory.current"),
        _left_of_group("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ]
    found = [free for free in known if free is not None]
    return min(found, default=None)


def _available() -> int | None:
    """What Linux says it could give without swapping."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return int(lines["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in lines else None


def _left_of_group(limit: str, used: str) -> int | None:
    """What a container is allowed beyond what it uses."""
    folder = Path("/sys/fs/cgroup")
    try:
        return max(0, int((folder / limit).read_text()) - int((folder / used).read_text()))
    except (OSError, ValueError):  # no such file, or "max"
        return None
