"""Devices by name: what there is on this machine, and one clear sentence about what there is not."""

import torch

from core.errors import BadInput


def devices() -> tuple[str, ...]:
    """Every device that torch can compute on here, the CPU first.

    >>> devices()[0]
    'cpu'
    """
    found = ["cpu"]
    found += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.xpu.is_available():
        found += [f"xpu:{index}" for index in range(torch.xpu.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return tuple(found)


def device_named(name: str | torch.device) -> torch.device:
    """The device of that name: ``cpu``, ``cuda`` (the first), ``cuda:1``, ``mps``.

    Raises
    ------
    BadInput
        if there is no such device here; says which there are.

    >>> device_named("cpu")
    device(type='cpu')
    """
    there = devices()
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise BadInput(f"{str(name)!r} is not a device; there are here: {', '.join(there)}") from error
    if not any(str(device) in (known, known.partition(":")[0]) for known in there):
        raise BadInput(f"device {str(name)!r} is not available; there are here: {', '.join(there)}")
    return device
