"""Compensation on a patching page: what other units do once the most important one is removed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.artifacts import read_json, write_json
from core.interventions.compensation import compensation
from core.interventions.edits import ablate
from core.interventions.intervened import intervened
from core.progress import Progress, silent
from core.subject import Subject
from core.targets import Output, Unit, score
from core.uncertainty import Interval
from gridlens.patching.measuring import Measured
from gridlens.patching.summary import at_layer
from reports.patching_maps import Dots, beside
from reports.sections import Cell, Section, Table

FILE = "compensation.json"
INPUTS, SHIFT, SHAMS = 6, 0.02, 10
"""Inputs that effects are measured on; of a lone picture copies shifted by up to that share of its side; and removals
at random to compare with."""
CANDIDATES = 8
"""Units that bring most back, of which the one is removed that costs most."""
WIDE = 64
"""Units of a layer beyond which effects are taken by gradients."""


@dataclass(frozen=True)
class Backup:
    """A unit that does more without the removed one: by how much, and the share of the loss that it makes up for."""

    unit: str
    change: Interval
    share: float


@dataclass(frozen=True, eq=False)
class Compensated:
    """Mean effects (c,) of a layer's units on ``answer``, intact and without ``removed``; ``loss`` is what the removal
    takes, ``chance`` the most that a unit changes in removals of the same size at random."""

    removed: str
    layer: str
    answer: str
    inputs: str
    before: Float[np.ndarray, "c"] = field(repr=False)
    after: Float[np.ndarray, "c"] = field(repr=False)
    loss: float
    chance: float
    by_gradient: bool
    backups: tuple[Backup, ...]


def compensated(
    subject: Subject,
    found: Sequence[Measured],
    layers: Sequence[str],
    shown: str,
    folder: Path,
    *,
    seed: int,
    progress: Progress = silent,
) -> Compensated:
    """An important unit of ``shown`` removed; effects at the next layer looked at. Kept in ``folder``."""
    path = folder / FILE
    if not path.exists():
        alike = _alike(at_layer(found, shown))
        inputs, told = _inputs(alike)
        target = Output(alike[0].pair.head, alike[0].pair.plus)
        unit = _most_important(subject, alike, inputs, target)
        behind = list(layers)[min(list(layers).index(shown) + 1, len(layers) - 1)]
        by_gradient = subject.layers[behind].channels > WIDE
        made = compensation(
            subject,
            inputs,
            target,
            behind,
            Unit(shown, unit),
            gradient=by_gradient,
            shams=SHAMS,
            seed=seed,
            progress=progress,
        )
        write_json(
            path,
            {
                "removed": str(Unit(shown, unit)),
                "layer": behind,
                "answer": subject.heads[target.head][target.index],
                "inputs": told,
                "before": made.before.mean(0).tolist(),
                "after": made.after[0].mean(0).tolist(),
                "loss": float(made.loss[0].mean()),
                "chance": float(made.chance[0]),
                "by_gradient": by_gradient,
                "backups": [
                    {"unit": str(one.unit), "change": asdict(one.change), "share": one.share}
                    for one in made.backups
                ],
            },
        )
    return _read(read_json(path))


def by_compensation(made: Compensated) -> Section:
    """Direct effects before and after, and the backups."""
    way = "by gradient" if made.by_gradient else "exactly"
    figure = beside(
        [Dots(made.layer, made.before, made.after, made.answer)],
        title=f"Direct effects without {made.removed}",
        caption=f"A dot is a unit of {made.layer}: what it adds to {made.answer!r} before and after the removal. On "
        "the line nothing changes.",
        axes=("before", "after"),
    )
    rows: list[list[Cell]] = [[one.unit, one.change, one.share] for one in made.backups]
    table = Table(
        ["backup", "does more by", "makes up for, share"],
        rows or [["none", None, None]],
        caption=f"Units that do more without {made.removed}, beyond the {made.chance:.2g} that any unit changes in "
        f"{SHAMS} removals of the same size in random directions.",
    )
    text = (
        f"Removing {made.removed}, of the {CANDIDATES} units that bring most back the one that costs most, takes "
        f"{made.loss:.2g} from the logit of "
        f"{made.answer!r} ({made.inputs}; effects of {made.layer} taken {way}). Units that make up for it hide what "
        "the removed one does."
    )
    return Section("What makes up for a loss", text=text, figures=[figure], tables=[table])


def _alike(here: Sequence[Measured]) -> list[Measured]:
    """The pairs with the clean answer that most have: one target for all."""
    answers = [one.pair.plus for one in here]
    most = max(dict.fromkeys(answers), key=answers.count)
    return [one for one in here if one.pair.plus == most][:INPUTS]


def _most_important(subject: Subject, alike: Sequence[Measured], inputs: Tensor, target: Output) -> int:
    """Of the units that bring most back, the one whose removal costs the clean answer most."""
    effects = []
    for one in alike:
        units = one.trace.units
        effects.append(torch.where(units.exact.isnan(), units.stepped, units.exact))
    first = torch.stack(effects).mean(0).argsort(descending=True)[:CANDIDATES].tolist()
    left = []
    for unit in first:
        with torch.no_grad(), intervened(subject, ablate(Unit(alike[0].trace.layer, unit))) as without:
            left.append(float(score(without, inputs, target).mean()))
    return int(first[int(np.argmin(left))])


def _inputs(alike: Sequence[Measured]) -> tuple[Tensor, str]:
    """The clean inputs; where there is a lone picture, it and shifted copies: an interval needs several."""
    clean = torch.stack([one.pair.clean for one in alike])
    if len(clean) > 2 or alike[0].pair.head != "class":
        return clean, f"on {len(clean)} clean inputs"
    reach = max(1, round(SHIFT * clean.shape[2]))
    moves = [(0, 0), (reach, 0), (-reach, 0), (0, reach), (0, -reach), (reach, reach)]
    shifted = torch.cat([clean[:1].roll(move, dims=(2, 3)) for move in moves])
    return shifted, f"on one clean picture and {len(moves) - 1} copies of it, shifted by {reach} pixels"


def _read(held: dict[str, Any]) -> Compensated:
    backups = tuple(
        Backup(one["unit"], Interval(**one["change"]), one["share"]) for one in held.pop("backups")
    )
    held |= {name: np.array(held[name]) for name in ("before", "after")}
    return Compensated(**held, backups=backups)
