"""Settings of a sparse autoencoder's training, with bounds."""

from dataclasses import dataclass, fields
from typing import Any

from core.device import device_named
from core.errors import BadInput, UnknownName


@dataclass(frozen=True)
class Settings:
    """How sparse, how long and how fast.

    ``active``: atoms a row has (for JumpReLU and BatchTopK on average). ``steps`` of ``batch_size`` rows; the learning
    rate rises over the first twentieth and falls to 0 over the last half. An atom is dead that none of the last
    ``patience`` rows had. ``device`` is where it is trained.
    """

    active: int = 3
    steps: int = 4000
    batch_size: int = 512
    rate: float = 3e-3
    patience: int = 10_000
    device: str = "cpu"


SETTINGS = tuple(each.name for each in fields(Settings))


def settings(k: int, given: dict[str, Any]) -> Settings:
    """Settings with those given changed, for a dictionary of ``k`` atoms.

    Raises
    ------
    UnknownName, BadInput
        if there is no such setting, or a value is out of bounds.

    >>> settings(16, {"active": 2}).active
    2
    """
    for name in given:
        if name not in SETTINGS:
            raise UnknownName("setting of a sparse autoencoder", name, SETTINGS)
    found = Settings(**({"active": min(Settings.active, k)} | given))
    for name in ("active", "steps", "batch_size", "patience"):
        if getattr(found, name) < 1:
            raise BadInput(
                f"setting {name!r} of a sparse autoencoder is {getattr(found, name)}; expected at least 1"
            )
    if found.active > k:
        raise BadInput(f"{found.active} active atoms were asked for of {k}; expected 1 to {k}")
    if not 0 < found.rate < 1:
        raise BadInput(
            f"setting 'rate' of a sparse autoencoder is {found.rate}; expected above 0 and below 1"
        )
    device_named(found.device)
    return found
