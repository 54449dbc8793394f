"""What a gallery is to hold: layers, their units and views; as asked for, as held, and what is made again."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from core.activations import capture
from core.artifacts import read_json, write_json
from core.errors import BadInput, RunConflict
from core.subject import Subject
from feature_viz.examples.crops import folder_name
from feature_viz.gallery.selection import as_ranges, chosen_layers, chosen_units
from feature_viz.gallery.views import ENGINES, VIEWS

PLAN = "plan.json"
BATCH = 16
"""Units made together; the most that a killed run repeats."""


@dataclass(frozen=True)
class Request:
    """What is asked of a gallery.

    ``layers`` are names and globs ("features.3, features.*.expand3x3"), ``units`` ranges ("0-23,40"), ``views`` names
    out of ``VIEWS`` ("positive,negative"). A folder that holds other layers, units or views is refused, unless
    ``only_missing`` adds to it what is not there yet. ``redo`` names layers or units of the folder to be made again
    ("features.3, features.4.*, features.6:0-15").
    """

    layers: str = "all"
    units: str | None = None
    views: str = "all"
    only_missing: bool = False
    redo: str | None = None


@dataclass(frozen=True)
class Share:
    """One layer's part of a plan; ``skipped`` are views that were asked for but show nothing there."""

    units: tuple[int, ...]
    views: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    def batches(self) -> Mapping[int, tuple[int, ...]]:
        """Units by the number of their batch, which does not depend on what else is asked for.

        >>> Share((0, 5, 40), ("positive",)).batches()
        {0: (0, 5), 2: (40,)}
        """
        numbers = dict.fromkeys(unit // BATCH for unit in self.units)
        return {number: tuple(u for u in self.units if u // BATCH == number) for number in numbers}


Plan = Mapping[str, Share]
"""Layers in execution order to their parts."""


def planned(subject: Subject, request: Request, *, engine: str = "gridlens") -> Plan:
    """What a request comes to for a subject.

    A layer whose activations are never below zero, such as a ReLU's, has no negative view: nothing lowers it further.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such layers or units, or there is no such view.

    >>> from core.testing import planted_classifier
    >>> planned(planted_classifier(seed=0), Request("conv, relu", "0-1"))["relu"]
    Share(units=(0, 1), views=('positive', 'seed', 'diverse'), skipped=('negative',))
    """
    names = chosen_layers(subject, request.layers)
    views = chosen_views(request.views, engine=engine)
    below = _below_zero(subject, names) if "negative" in views else {}
    return {
        name: Share(
            chosen_units(request.units, subject.layers[name].channels, name),
            *_sensible(views, below.get(name, True)),
        )
        for name in names
    }


def chosen_views(text: str, *, engine: str = "gridlens") -> tuple[str, ...]:
    """Views from text such as ``positive,negative``; the first is always among them.

    Raises
    ------
    BadInput
        if there is no such view, or the engine cannot make it.

    >>> chosen_views("negative"), chosen_views("all", engine="lucent")
    (('positive', 'negative'), ('positive', 'seed'))
    """
    known = ENGINES[engine].views
    wanted = {part.strip() for part in text.split(",")} if text.strip() != "all" else set(known)
    if unknown := sorted(wanted - set(known)):
        raise BadInput(f"views {text!r}: {engine} makes no view {unknown[0]!r}; it makes {', '.join(known)}")
    return tuple(view for view in VIEWS if view in wanted | {"positive"})


def _sensible(views: Sequence[str], below: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Views that show something in a layer, and those that do not."""
    skipped = tuple(view for view in views if view == "negative" and not below)
    return tuple(view for view in views if view not in skipped), skipped


def _below_zero(subject: Subject, names: Sequence[str]) -> Mapping[str, bool]:
    """Whether a layer is anywhere below zero for noise."""
    noise = torch.rand((2, *subject.spec.shape), generator=torch.Generator().manual_seed(0))
    found = capture(subject, noise, names)
    return {name: bool((found[name] < 0).any()) for name in names}


def read_plan(folder: str | Path) -> Plan:
    """The plan of a gallery's folder; empty where there is none yet."""
    path = Path(folder) / PLAN
    if not path.exists():
        return {}
    return {
        name: Share(
            chosen_units(held["units"], 1 + _last(held["units"]), name),
            tuple(held["views"]),
            tuple(held["skipped"]),
        )
        for name, held in read_json(path).items()
    }


def write_plan(folder: Path, plan: Plan) -> None:
    """The plan as JSON, units as ranges."""
    text = {
        name: {"units": as_ranges(share.units), "views": share.views, "skipped": share.skipped}
        for name, share in plan.items()
    }
    write_json(folder / PLAN, text)


def agreed(subject: Subject, held: Plan, request: Request, folder: Path, *, engine: str = "gridlens") -> Plan:
    """What the folder is to hold once the request is met.

    Raises
    ------
    RunConflict
        if the folder holds other layers, units or views, and the request does not say that they are to be added.
    """
    wanted = planned(subject, request, engine=engine)
    if not held or held == wanted:
        return wanted
    if not request.only_missing and request.redo is None:
        raise RunConflict(
            f"{str(folder)!r} holds a different run: a gallery of {_told(held)}, this one's is of {_told(wanted)}; add "
            f"what is missing with --only-missing, or name another folder with --out"
        )
    if not request.only_missing:
        return held
    return {
        name: _joined(held.get(name), wanted.get(name)) for name in subject.layers if name in {*held, *wanted}
    }


def forget(subject: Subject, plan: Plan, folder: Path, text: str) -> None:
    """Strike finished layers or units from the folder's records, so that they are made again.

    A unit is made again with the others of its batch, so that the bytes are the same.

    Raises
    ------
    UnknownName, BadInput
        if the gallery holds no such layer or unit.
    """
    for layer, units in named_again(subject, plan, text).items():
        name = folder_name(layer)
        (folder / "layers" / f"{name}.json").unlink(missing_ok=True)
        batches = folder / "batches" / name
        if units is None:
            (folder / "exemplars" / f"{name}.safetensors").unlink(missing_ok=True)
            for place in (batches, folder / "examples" / name):
                shutil.rmtree(place, ignore_errors=True)
            continue
        for number in Share(tuple(sorted(units)), ()).batches():
            (batches / f"{number:04d}.json").unlink(missing_ok=True)
        for unit in units:
            for path in (folder / "examples" / name).glob(f"{unit:04d}*"):
                path.unlink()


def named_again(subject: Subject, plan: Plan, text: str) -> dict[str, set[int] | None]:
    """Layers to units out of text such as ``features.3, features.6:0-15``; None stands for all of a layer's."""
    found: dict[str, set[int] | None] = {}
    for part in (piece.strip() for piece in text.split(",")):
        layers, colon, units = part.rpartition(":")
        if not colon or not units.replace("-", "").isdigit():
            layers, units = part, ""
        for name in chosen_layers(subject, layers):
            if name not in plan:
                continue
            held = found.get(name, set())
            numbers = chosen_units(units, subject.layers[name].channels, name) if units else ()
            found[name] = None if not units or held is None else held | set(numbers)
        if not any(name in plan for name in chosen_layers(subject, layers)):
            raise BadInput(f"{part!r} is not in this gallery, which holds {_told(plan)}")
    return found


def _joined(held: Share | None, wanted: Share | None) -> Share:
    parts = [part for part in (held, wanted) if part is not None]
    units = sorted({unit for part in parts for unit in part.units})
    return Share(
        tuple(units),
        tuple(view for view in VIEWS if any(view in part.views for part in parts)),
        tuple(view for view in VIEWS if any(view in part.skipped for part in parts)),
    )


def _told(plan: Plan) -> str:
    """A plan in few words."""
    first, *rest = [
        f"{name} (units {as_ranges(share.units)}: {', '.join(share.views)})" for name, share in plan.items()
    ]
    return first + (f" and {len(rest)} more layers" if rest else "")


def _last(ranges: str) -> int:
    return int(ranges.replace("-", ",").split(",")[-1])
