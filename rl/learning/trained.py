"""An agent through its training: the network at every snapshot and at the end, by steps."""

from pathlib import Path

from core.artifacts import read_csv
from core.errors import BadInput
from core.subject import Subject
from rl.agents import POLICY, info, load, snapshots
from rl.organism import folder_of


def through_training(folder: str | Path) -> dict[int, Subject]:
    """Every snapshot of an agent's folder (or organism's), in order, and the finished agent if it is not one of them.

    Raises
    ------
    Unreadable
        if the folder holds no agent.
    BadInput
        if fewer than two moments of its training were kept.

    >>> list(through_training("cheese-corner"))
    [0, 40960, 114688, 196608, 344064, 606208]
    """
    place = folder_of(folder)
    found = {steps: load(place, snapshot=steps) for steps in snapshots(place)}
    if (place / POLICY).exists():
        found[last_step(place)] = load(place)
    if len(found) < 2:
        raise BadInput(
            f"agent {str(folder)!r} keeps {len(found)} moment of its training; expected at least two: train it with "
            "--snapshots, as in --snapshots log:20"
        )
    return dict(sorted(found.items()))


def last_step(place: Path) -> int:
    """The steps after which training ended: those of the curve's last row, or those that were asked for."""
    curve = place / "curve.csv"
    rows = read_csv(curve) if curve.exists() else []
    return int(float(rows[-1]["steps"])) if rows else info(place).steps
