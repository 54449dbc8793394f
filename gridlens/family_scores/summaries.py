"""Rows of single cases summed up for people: the worst of the seeds beside its bar, a line a kind."""

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

from gridlens.family_scores import agreement, published
from gridlens.family_scores.planted import BARRED, BARS
from gridlens.family_scores.tables import Part, Row, Table


def planted_part(rows: Sequence[Row]) -> Part:
    """Planted truth: a line for each kind, depth and noise, and one for each network without families."""
    seeds = sorted({row["seed"] for row in rows})
    found = [_found(group) for group in _grouped(rows, ("kind", "depth", "noise"), _planted)]
    nothing = [_nothing(group) for group in _grouped(rows, ("network", "kind", "depth"), _empty)]
    missed = tuple(_named(line) for line in [*found, *nothing] if line[""] == "MISSED")
    barred = sum(bool(line[""]) for line in [*found, *nothing])
    reached = f"{barred - len(missed)} of {barred} lines reach their bars"
    said = f"{reached}; seeds {_range(seeds)}, the worst of them counts."
    return Part(
        "planted",
        "Planted truth",
        said,
        (
            Table(
                "planted",
                "Families found beside families planted",
                f"Worst and mean over {len(seeds)} seeds; bars up to {BARRED:.0%} noise: F1 and ARI at least "
                f"{BARS['f1']:g}, no member more than {BARS['order error']:g} step from its place.",
                found,
            ),
            Table(
                "nothing",
                "Units claimed where there are no families",
                f"Shares of the layer's units; the bar is {BARS['claimed']:.0%}.",
                nothing,
            ),
            Table("planted-rows", "Every case", "", list(filter(_planted, rows))),
        ),
        missed,
    )


def published_part(tables: published.Tables) -> Part:
    """Published truth: what was found of the layers, their groups, orders and mirrored pairs."""
    pairs = [row["found"] for row in tables.mirrors]
    said = f"{len(tables.layers)} searches of {published.MODEL}; {sum(pairs)} of {len(pairs)} mirrored pairs are found."
    return Part(
        "published",
        published.TITLE,
        said,
        (
            Table(
                "published-layers",
                "Pairs of units beside the published groups",
                "In layers that are listed in part nothing found is counted as false, so there is no precision.",
                tables.layers,
            ),
            Table(
                "published-groups",
                "The best match of every published family",
                "F1 where the layer is listed completely, else the share found together; chance: labels dealt anew.",
                tables.groups,
            ),
            Table(
                "published-orders",
                "Places beside published orders",
                "Circular correlation up to offset and direction, over the units of one found family.",
                tables.orders,
            ),
            Table("published-mirrors", "Published mirrored pairs", "", tables.mirrors),
        ),
    )


def agreement_part(rows: Sequence[Row], families: Sequence[Row], left_out: Sequence[str]) -> Part:
    """Agreement of two methods: a line for each layer and group; the bar is for turns in early layers."""
    barred = [row for row in rows if row["early"] and row["correlation"] is not None]
    below = [row for row in barred if row["correlation"] < agreement.BAR]
    said = f"{len(barred) - len(below)} of {len(barred)} early layers reach {agreement.BAR:g}."
    return Part(
        "agreement",
        agreement.TITLE,
        " ".join([said, *left_out]),
        (
            Table(
                "agreement-units",
                "Units in families, by layer",
                "Shares of the layer's units, from all pictures and from either half of them, beside the same with "
                "shuffled weights; the two halves' adjusted Rand index.",
                [_columns(row, _UNITS) for row in rows],
            ),
            Table(
                "agreement-angles",
                "Places from photographs beside angles of tuning curves",
                "Circular correlation over members of families of three and more, each family by its own origin; 95 % "
                "intervals over families; chance: angles dealt out anew within families. Compared are families whose "
                f"members' curves are one curve, shifted (correlation {agreement.ALIKE} or more); last, all of them.",
                [_columns(row, _ANGLES) for row in rows if row["group"] != "reflection"],
            ),
            Table("agreement-families-rows", "Every family", "", list(families)),
        ),
        tuple(f"{row['model']} {row['layer']} {row['group']}" for row in below),
    )


_UNITS = ("units", "families", "share", "share low", "share high", "shuffled", "invariant", "ari of halves")
_ANGLES = ("early", "compared", "members", "correlation", "low", "high", "chance", "all", "of all")


def _columns(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in ("model", "layer", "group", *names)}


def _planted(row: Row) -> bool:
    return bool(row["network"] == "planted")


def _empty(row: Row) -> bool:
    return not _planted(row)


def _grouped(rows: Sequence[Row], by: Sequence[str], which: Callable[[Row], bool]) -> list[list[Row]]:
    groups: dict[tuple, list[Row]] = {}
    for row in filter(which, rows):
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    return list(groups.values())


def _found(rows: Sequence[Row]) -> dict[str, Any]:
    worst = {
        "f1": min(row["f1"] for row in rows),
        "ari": min(row["ari"] for row in rows),
        "order error": max(row["order error"] for row in rows),
    }
    reached = (
        worst["f1"] >= BARS["f1"]
        and worst["ari"] >= BARS["ari"]
        and worst["order error"] <= BARS["order error"]
    )
    return {
        "kind": rows[0]["kind"],
        "depth": rows[0]["depth"],
        "noise": rows[0]["noise"],
        "F1": worst["f1"],
        "mean F1": mean(row["f1"] for row in rows),
        "precision": mean(row["precision"] for row in rows),
        "recall": mean(row["recall"] for row in rows),
        "ARI": worst["ari"],
        "order error": worst["order error"],
        "invariant": _mean_of(rows, "invariant"),
        "duplicates": _mean_of(rows, "duplicates"),
        "dead": _mean_of(rows, "dead"),
        "": _verdict(reached, rows[0]["noise"] <= BARRED),
    }


def _nothing(rows: Sequence[Row]) -> dict[str, Any]:
    claimed = max(row["claimed"] for row in rows)
    return {
        "network": rows[0]["network"],
        "kind": rows[0]["kind"],
        "depth": rows[0]["depth"],
        "units": rows[0]["units"],
        "claimed": claimed,
        "mean claimed": mean(row["claimed"] for row in rows),
        "": _verdict(claimed <= BARS["claimed"], True),
    }


def _mean_of(rows: Sequence[Row], name: str) -> float | None:
    values = [row[name] for row in rows if row[name] is not None]
    return mean(values) if values else None


def _verdict(reached: bool, barred: bool) -> str:
    return ("ok" if reached else "MISSED") if barred else ""


def _named(line: Row) -> str:
    what = [str(line[name]) for name in ("network", "kind", "depth", "noise") if name in line]
    return " ".join(what)


def _range(seeds: Sequence[int]) -> str:
    return f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
