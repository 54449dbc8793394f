"""What the agents take, with and without monsters, and when."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import KINDS, NAMES, Agent, curves, over_seeds, values
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.reproductions.monster import measured
from rl.reproductions.plots import Lines, Picture, Strip, Strips

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
    panels = [
        Strips(title, "apples among what was taken", _strips(rows, where, span), ((0.5, "even"),), share=True)
        for where, span, title in (
            ("among", "0", "25 steps with monsters"),
            ("among", "free, alone", "After the last monster, until hands are full"),
            ("gone", "free", "No monsters, until hands are full"),
        )
    ]
    data = [
        {"where": panel.title, "agents": strip.label, "agent": number, "share": value}
        for panel in panels
        for strip in panel.strips
        for number, value in enumerate(strip.values)
    ]
    return replace(drawing(Picture("A dot an agent.", panels), title="Apples or shields"), rows=data)


def _strips(rows: Sequence[Row], where: str, span: str) -> list[Strip]:
    about: dict[str, Any] = {"where": where, "span": span}
    return [
        Strip(
            KINDS[kind],
            tuple(values(rows, "apples_share", kind=kind, **about)),
            over_seeds(rows, "apples_share", share=True, kind=kind, **about),
        )
        for kind in KINDS
    ]


def _course(rows: Sequence[Row]) -> Figure:
    found = [
        {**row, "step": int(row["span"])}
        for row in rows
        if row["where"] == "gone" and str(row["span"]).isdigit()
    ]
    panels = [
        Lines(title, "step", "in 25 steps", curves(found, "step", name))
        for name, title in (("apple", "Apples"), ("shield", "Shields"), ("tries", "Onto shields, hands full"))
    ]
    drawn = drawing(
        Picture("200 steps without monsters, a line an agent.", panels), title="Over time, without monsters"
    )
    return replace(drawn, rows=found)


def _table(rows: Sequence[Row]) -> Table:
    header = ("levels", "agents", "apples", "shields", "steps onto shields, hands full")
    body: list[tuple[Cell, ...]] = [
        (
            words,
            NAMES[kind],
            *(
                over_seeds(rows, name, where=where, span=span, kind=kind)
                for name in ("apple", "shield", "tries")
            ),
        )
        for where, span, words in PLACES
        for kind in KINDS
    ]
    return Table(header, body, caption="Taken in a level, mean over agents with 95 % intervals over seeds")
