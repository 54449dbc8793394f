"""What small edits came to: felling at few and many trees, and forests, beside random directions as long."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.uncertainty import Interval
from gridlens.studies.kept import Row
from gridlens.studies.tree.agents import where
from gridlens.studies.tree.knowledge import LAST
from gridlens.studies.tree.play import FORESTS
from gridlens.studies.tree.sparing import FEW, MANY
from gridlens.studies.tree.turning import DRAWN, EDITS, MOMENTS, PLAYED, SHIFTS
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.reproductions.plots import Line, Lines, Picture
from rl.reproductions.seeds import mean_over


def section(rows: Sequence[Row]) -> Section:
    """One figure, one table for each moment."""
    return Section(
        "One small edit",
        f"Where the policy's output reads `{LAST}`, the activations are moved along the direction in which they hold "
        "the count: by so many trees (reads more or fewer than there are), by taking what is read of the count away "
        "(erased), or by adding it again (two, three, five times as loud). Nothing else of the network changes. "
        f"Chance: the same edit along {DRAWN} random directions, as long, drawn from the layer's own spread; one "
        f"of them is played. Wood is of {FORESTS} full forests over 1,000 steps.",
        [_figure(rows)],
        [_table(rows, moment) for moment in MOMENTS],
    )


def _figure(rows: Sequence[Row]) -> Figure:
    panels = [
        Lines(
            f"{title}: {moment}",
            "trees more than there are",
            "probability",
            [
                Line(
                    label,
                    [0.0 if shift is None else shift for shift in _doses()],
                    [_felled(rows, moment, seed, shift, name) for shift in _doses()],
                )
                for label, name in (
                    (f"{FEW[0]} or {FEW[-1]} trees", "few"),
                    (f"{MANY[0]} to {MANY[-1]} trees", "many"),
                )
                for seed in _seeds(rows)
            ],
            share=True,
        )
        for moment, title in (("collapse", "Fells"), ("end", "Fells"))
    ]
    caption = "Felling the tree beside it, when the policy reads more or fewer trees than there are. A line an agent."
    shown = [row for row in rows if not row["drawn"]]
    return replace(drawing(Picture(caption, panels), title="Reading more or fewer trees"), rows=shown)


def _doses() -> list[float | None]:
    negative, positive = ([one for one in SHIFTS if (one < 0) == below] for below in (True, False))
    return [*negative, None, *positive]


def _felled(rows: Sequence[Row], moment: str, seed: int, shift: float | None, name: str) -> float:
    edit = "none" if shift is None else next(one.name for one in EDITS if one.shift == shift and not one.gain)
    return float(where(rows, moment=moment, seed=seed, edit=edit, drawn=0)[0][name])


def _seeds(rows: Sequence[Row]) -> list[int]:
    return sorted({int(row["seed"]) for row in rows})


def _table(rows: Sequence[Row], moment: str) -> Table:
    here = where(rows, moment=moment)
    body: list[tuple[Cell, ...]] = []
    for edit in ("none", *(one.name for one in EDITS)):
        numbers = (edited(here, edit, name) for name in ("few", "many"))
        body.append((edit, *numbers, *_lived(here, edit), *_beside(here, edit)))
    header = (
        "edit",
        f"fells: {FEW[0]} or {FEW[-1]} trees",
        f"{MANY[0]} to {MANY[-1]}",
        "wood a step",
        "trees standing",
        "chance: few",
        "many",
        "wood",
        "beyond chance",
    )
    return Table(header, body, caption=f"At the {moment}, mean over agents with 95 % intervals over seeds")


def _lived(here: Sequence[Row], edit: str) -> tuple[Cell, ...]:
    if edit != "none" and edit not in PLAYED:
        return (None, None)
    return tuple(edited(here, edit, name) for name in ("wood", "standing"))


def _beside(here: Sequence[Row], edit: str) -> tuple[Cell, ...]:
    if edit == "none":
        return (None, None, None, None)
    few, many = (mean_over(drawn(here, edit, name)).estimate for name in ("few", "many"))
    wood = mean_over(drawn(here, edit, "wood")).estimate if edit in PLAYED else None
    return (few, many, wood, f"{beyond(here, edit)} of {len(_seeds(here))}")


def edited(here: Sequence[Row], edit: str, name: str) -> Interval:
    """A number of the agents so edited, mean over seeds."""
    return mean_over(_values(where(here, edit=edit, drawn=0), name))


def drawn(here: Sequence[Row], edit: str, name: str) -> NDArray:
    """The mean over random directions, agent by agent."""
    found = [[row for row in where(here, edit=edit, seed=seed) if row["drawn"]] for seed in _seeds(here)]
    return np.array([_values(one, name).mean() for one in found])


def beyond(here: Sequence[Row], edit: str) -> int:
    """For how many agents the edit parts few from many trees more than every random direction of its size."""
    return sum(
        _parted(where(here, edit=edit, seed=seed, drawn=0))[0]
        > max(_parted([row for row in where(here, edit=edit, seed=seed) if row["drawn"]]))
        for seed in _seeds(here)
    )


def _parted(rows: Sequence[Row]) -> list[float]:
    return [float(row["many"]) - float(row["few"]) for row in rows]


def _values(rows: Sequence[Row], name: str) -> NDArray:
    return np.array([float(row[name]) for row in rows if row[name] is not None])
