"""What the agents take, with and without monsters, and when."""

from collections.abc import Sequence
from dataclasses import replace

from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import KINDS, Agent, over_seeds, values
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.reproductions.monster import SPAN, STEPS, measured
from rl.reproductions.plots import Line, Lines, Picture, Strip, Strips

LEVELS = 500
PLACES = (
    ("among", "0", "25 steps with monsters"),
    ("among", "all", "200 steps with monsters"),
    ("among", "free, alone", "of these, after the last monster"),
    ("gone", "all", "200 steps, no monsters"),
)
"""Where and in which span things are counted, in words; the first is what 25-step agents were trained in."""


def measure(agent: Agent) -> Sequence[Row]:
    """Apples, shields, monsters destroyed and steps onto shields with full hands, a level, in spans of time."""
    return measured(agent.subject, agent.about, LEVELS)


def section(rows: Sequence[Row]) -> Section:
    """What was taken, as shares and over time."""
    return Section(
        "What they do",
        f"{LEVELS} held-out levels an agent, the same for all. The share is apples among all that was taken while a "
        "shield could still be taken; half would be as many apples as shields, which lie about in equal numbers.",
        [_shares(rows), _course(rows)],
        [_table(rows)],
    )


def _shares(rows: Sequence[Row]) -> Figure:
    strips = []
    for where, span, words in (PLACES[0], PLACES[2], ("gone", "free", "no monsters")):
        for kind in KINDS:
            found = values(rows, "apples_share", where=where, span=span, kind=kind)
            mean = over_seeds(rows, "apples_share", share=True, where=where, span=span, kind=kind)
            strips.append(Strip(f"{words.removeprefix('of these, ')}, {kind}", tuple(found), mean))
    panel = Strips("Apples among what was taken", "share of apples", strips, ((0.5, "even"),), share=True)
    drawn = drawing(
        Picture("A dot an agent; with hands that are not full.", [panel]), title="Apples or shields"
    )
    return replace(drawn, rows=_rows(strips))


def _rows(strips: Sequence[Strip]) -> list[Row]:
    return [
        {"of": strip.label, "agent": number, "value": value}
        for strip in strips
        for number, value in enumerate(strip.values)
    ]


def _course(rows: Sequence[Row]) -> Figure:
    starts = list(range(0, STEPS, SPAN))
    panels = [
        Lines(
            title,
            "step",
            "in 25 steps",
            [
                Line(f"{kind}-step agents", starts, [float(one[name]) for one in _of(rows, kind, seed)])
                for kind in KINDS
                for seed in sorted({row["seed"] for row in rows})
            ],
        )
        for name, title in (
            ("apple", "Apples"),
            ("shield", "Shields"),
            ("tries", "Steps onto shields, hands full"),
        )
    ]
    drawn = drawing(
        Picture("200 steps without monsters, a line an agent.", panels), title="Over time, without monsters"
    )
    data = [row for row in rows if row["where"] == "gone" and str(row["span"]).isdigit()]
    return replace(drawn, rows=data)


def _of(rows: Sequence[Row], kind: int, seed: int) -> list[Row]:
    return [
        row
        for row in rows
        if (row["kind"], row["seed"], row["where"]) == (kind, seed, "gone") and str(row["span"]).isdigit()
    ]


def _table(rows: Sequence[Row]) -> Table:
    header = ("levels", "agents", "apples", "shields", "monsters destroyed", "steps onto shields, hands full")
    body: list[tuple[Cell, ...]] = [
        (
            words,
            KINDS[kind],
            *(
                over_seeds(rows, name, where=where, span=span, kind=kind)
                for name in ("apple", "shield", "kill", "tries")
            ),
        )
        for where, span, words in PLACES
        for kind in KINDS
    ]
    return Table(header, body, caption="Taken in a level, mean over agents with 95 % intervals over seeds")
