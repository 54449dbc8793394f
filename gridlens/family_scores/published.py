"""Published truth: InceptionV1 searched, and what is found held against the Circuits thread's lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.artifacts import read_json
from core.errors import Unreadable
from core.progress import Progress
from core.subject import Subject
from vision.families.records import families_of, group_of
from vision.families.searching import Search, Shown, search
from vision.published.scoring import PublishedScore, score

TITLE = "Published truth: InceptionV1"
MODEL = "lucent:inceptionv1"

_COMPLETE = ("conv2d0", "conv2d1", "conv2d2", "mixed3a", "mixed3b")

PLAN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("rotation:15", (*_COMPLETE, "mixed4a")),
    ("hue:30", (*_COMPLETE, "mixed4a")),
    ("reflection", ("mixed3b", "mixed4a", "mixed4d")),
    ("hue:45*rotation:45", ("conv2d2",)),
)
"""Groups and the layers that are searched under them: those with published families, orders or pairs."""


@dataclass(frozen=True)
class Tables:
    """Rows of the layers, the published groups, orders and grids, and the mirrored pairs."""

    layers: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    mirrors: list[dict[str, Any]] = field(default_factory=list)


def fetched(load: Callable[[], Subject]) -> tuple[Subject | None, str]:
    """The network, or None and a sentence on why this part is left out."""
    try:
        return load(), ""
    except Unreadable as error:
        return None, f"Published truth is left out, for it needs the weights of InceptionV1: {error}"


def published_tables(
    subject: Subject,
    views: Callable[[Sequence[str], str], Shown],
    *,
    out: Path,
    plan: Sequence[tuple[str, tuple[str, ...]]] = PLAN,
    seed: int = 0,
    progress: Progress,
) -> Tables:
    """Search by the plan (a run a group in ``out``, which goes on) and score; ``views`` makes those of a group."""
    tables = Tables()
    for name, layers in plan:
        folder = out / name.replace(":", "-").replace("*", "-")
        how = Search(tuning=False, weights=False, seed=seed)
        found = search(subject, layers, views(layers, name), how, out=folder, progress=progress)
        group = group_of(read_json(folder / "group.json"))
        for path in found:
            add(tables, score(families_of(read_json(path), group), seed=seed))
    return tables


def add(tables: Tables, scored: PublishedScore) -> None:
    """The rows of one layer's score."""
    told, pairs = {"layer": scored.layer, "group": scored.group}, scored.partition
    new = sum(each.known is None for each in scored.beside)
    tables.layers.append(
        told
        | {
            "complete": scored.complete,
            "units": pairs.units,
            "families": pairs.families,
            "in families": pairs.members,
            "precision": pairs.precision,
            "precision by chance": pairs.precision_chance,
            "recall": pairs.recall,
            "recall by chance": pairs.recall_chance,
            "f1": pairs.f1,
            "within groups": pairs.within,
            "within by chance": pairs.within_chance,
            "candidates": new,
        }
    )
    tables.groups.extend(told | _match(match) for match in pairs.matches)
    tables.orders.extend(
        told
        | {"order": each.name, "by": each.by, "listed": each.listed, "together": each.together}
        | {"correlation": each.correlation, "chance": each.chance}
        for each in scored.orders
    )
    for grid in scored.grids:
        for what, value, chance in (
            ("diagonal", grid.diagonal, grid.diagonal_chance),
            ("hue", grid.hue, grid.hue_chance),
        ):
            tables.orders.append(
                told
                | {
                    "order": f"{grid.name}, {what}",
                    "by": "grid",
                    "listed": grid.listed,
                    "together": grid.together,
                }
                | {"correlation": value, "chance": chance}
            )
    if scored.mirrors is not None:
        tables.mirrors.extend(
            told
            | {
                "pair": f"{a}, {b}",
                "found": (a, b) in scored.mirrors.found,
                "found by chance": scored.mirrors.chance,
            }
            for a, b in scored.mirrors.listed
        )


def _match(match: Any) -> dict[str, Any]:
    return {
        "published": match.name,
        "size": match.size,
        "grounds": match.grounds,
        "f1": match.f1,
        "recall": match.recall,
        "chance": match.chance,
    }
