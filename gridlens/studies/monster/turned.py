"""What the search for an edit came to, and what became of the edits chosen in held-out play."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gridlens.studies.kept import Row
from gridlens.studies.monster.agents import KINDS, NAMES, SHORT, curves, over_seeds
from gridlens.studies.monster.turning import CHANGED, CHOICES, DRAWN, EITHER, EVEN, LEVELS, LOST, PLAYED
from reports.reproductions import drawing
from reports.sections import Cell, Figure, Section, Table
from rl.reproductions.plots import Line, Lines, Picture

FAMILIES = ("unit", "direction", "biases", "gated biases", "input channel")
SIGNIFICANT = 0.05


def section(rows: Sequence[Row], play: Sequence[Row], doses: Sequence[Row]) -> Section:
    """By family; the edits chosen; what they did in play."""
    tried = len([row for row in rows if (row["kind"], row["seed"]) == (SHORT, rows[0]["seed"])])
    return Section(
        "One small edit that turns it?",
        f"{tried} edits of each agent: every unit of both hidden layers put to nothing or held high; directions from "
        "monsters to none, by means and by a linear reading, at six sizes; biases moved the way that a gradient says "
        "helps most, always or only as far as monsters are missing (a rank-one change of weights that reads them); the "
        f"weights from one input channel multiplied. Chosen on half of {LEVELS} training levels (those with ways that "
        "part), judged on the other half: the lean to the apple without monsters, and how much of the policy is "
        "another in states with monsters met in 25-step play. Chosen are two: the edit with the strongest lean that "
        f"changes no more than {CHANGED} there, and the one with the strongest lean whatever it changes (as long as it "
        f"still goes for one thing with {100 * EITHER:.0f} %). Then {PLAYED} held-out levels are played.\n\n"
        f"Said before any edited agent was played: the preference is turned if more than {100 * EVEN:.0f} % of what is "
        "taken without monsters are apples (lower end of the interval over levels), and what it does with monsters is "
        f"kept if no more than {LOST} performance a level of 25 steps is lost (upper end). The "
        "second figure and the last table were not part of the search: they follow the kind of edit that it found.",
        [_figure(rows), _traded(play, doses)],
        [_families(rows), _played(play), _edits(play), _doses(doses)],
    )


def _figure(rows: Sequence[Row]) -> Figure:
    of = [row for row in rows if row["kind"] == SHORT]
    lines = [
        Line(
            family,
            [float(row["changed judged"])],
            [float(row["apple judged"])],
        )
        for family in FAMILIES[1:]
        for row in of
        if row["family"] == family
    ]
    panel = Lines(
        "All but units",
        "policy changed where there are monsters",
        "towards the apple, none left",
        lines,
        share=True,
    )
    made = drawing(
        Picture("A dot an edit of an agent; judged on levels that it was not chosen on.", [panel]),
        title="Edits of 25-step agents",
    )
    return Figure(made.title, made.caption, _alt(of), made.content, of, made.png)


def _alt(of: Sequence[Row]) -> str:
    best = {
        family: max(float(row["apple judged"]) for row in of if row["family"] == family)
        for family in FAMILIES
    }
    return (
        "Edits: the strongest lean to the apple without monsters is "
        + ", ".join(f"{value:.2f} by {family}" for family, value in best.items())
        + "."
    )


def _families(rows: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = []
    for kind in KINDS:
        for family in FAMILIES:
            each = _by_agent([row for row in rows if row["kind"] == kind and row["family"] == family])
            best = [max(found, key=lambda row: float(row["apple chosen"])) for found in each]
            good = [
                sum(row["p"] < SIGNIFICANT and row["gain judged"] > SIGNIFICANT for row in found)
                for found in each
            ]
            body.append(
                (
                    NAMES[kind],
                    family,
                    len(each[0]),
                    float(np.mean(good)),
                    over_seeds(best, "apple judged"),
                    over_seeds(best, "changed judged"),
                )
            )
    header = (
        "agents",
        "edits",
        "of an agent",
        "gain 5 points or more",
        "towards the apple, best",
        "changed with monsters",
    )
    caption = (
        "By kind of edit, mean over agents: how many gain at least 5 points on the levels they were not chosen on "
        "(p below 0.05 after Holm's correction for all edits), and the one that was best on those it was chosen on"
    )
    return Table(header, body, caption=caption)


def _by_agent(rows: Sequence[Row]) -> list[list[Row]]:
    seeds = sorted({row["seed"] for row in rows})
    return [[row for row in rows if row["seed"] == seed] for seed in seeds]


def _played(play: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = []
    for kind in KINDS:
        for how in ("none", *(name for choice in CHOICES for name in (choice, f"{choice}, drawn"))):
            found = [row for row in play if (row["kind"], row["how"]) == (kind, how)]
            means = _means(found)
            numbers = (over_seeds(means, name) for name in ("share", "apples", "performance"))
            body.append((NAMES[kind], how, *numbers, _counts(found)))
    header = (
        "agents",
        "edit",
        "apples' share, no monsters",
        "apples there",
        "performance with monsters",
        "turned / kept / both",
    )
    caption = (
        "Held-out play, 200 steps without monsters and 25 with, mean over agents; drawn: "
        f"{DRAWN} edits of the same kind and size by chance"
    )
    return Table(header, body, caption=caption)


def _means(found: Sequence[Row]) -> list[Row]:
    """One row an agent, over its drawn edits."""
    return [
        {
            name: float(np.mean([row[name] for row in of]))
            for name in ("share", "apples", "performance", "shields", "lost")
        }
        for of in _by_agent(found)
    ]


def _counts(found: Sequence[Row]) -> str:
    each = [sum(bool(row[name]) for row in found) for name in ("turned", "kept")]
    return f"{each[0]} / {each[1]} / {_both(found)}"


def _both(found: Sequence[Row]) -> str:
    return f"{sum(bool(row['turned']) and bool(row['kept']) for row in found)} of {len(found)}"


def _traded(play: Sequence[Row], doses: Sequence[Row]) -> Figure:
    lines = [
        line
        for channel in ("apple", "shield")
        for line in curves(
            [*doses, *_usual(play, channel)],
            "share",
            "performance",
            label=f"{channel}s",
            channel=channel,
            kind=SHORT,
        )
    ]
    for kind in KINDS:
        usual = [row for row in play if (row["kind"], row["how"]) == (kind, "none")]
        lines += [Line(KINDS[kind], [float(row["share"])], [float(row["performance"])]) for row in usual]
    panel = Lines("What it costs", "share of apples, no monsters", "performance with monsters", lines)
    caption = (
        "25-step agents with the weights from apples, or from shields, multiplied by one number, a line an agent; "
        "dots are agents as they are."
    )
    made = drawing(Picture(caption, [panel]), title="Apples without monsters, performance with")
    return replace(made, rows=list(doses))


def _usual(play: Sequence[Row], channel: str) -> list[Row]:
    """25-step agents as they are, where lines begin."""
    return [{**row, "channel": channel} for row in play if (row["kind"], row["how"]) == (SHORT, "none")]


def _doses(doses: Sequence[Row]) -> Table:
    about = list(dict.fromkeys((row["kind"], row["channel"], row["factor"]) for row in doses))
    body: list[tuple[Cell, ...]] = []
    for kind, channel, factor in about:
        found = [
            row for row in doses if (row["kind"], row["channel"], row["factor"]) == (kind, channel, factor)
        ]
        numbers = (over_seeds(found, name) for name in ("share", "apples", "lost"))
        body.append((NAMES[kind], f"{channel}s", factor, *numbers, _counts(found)))
    header = (
        "agents",
        "from",
        "times",
        "apples' share",
        "apples",
        "performance lost",
        "turned / kept / both",
    )
    caption = (
        "Held-out play with the weights from one thing multiplied, mean over agents: apples' share and apples in 200 "
        "steps without monsters, performance lost in 25 steps with"
    )
    return Table(header, body, caption=caption)


def _edits(play: Sequence[Row]) -> Table:
    body: list[tuple[Cell, ...]] = [
        (
            NAMES[int(row["kind"])],
            int(row["seed"]),
            str(row["how"]),
            str(row["edit"]),
            *(float(row[name]) for name in ("share", "lost")),
        )
        for row in play
        if row["how"] in CHOICES
    ]
    header = ("agents", "seed", "chosen", "edit", "apples' share", "performance lost")
    return Table(header, body, caption="The edits chosen, agent by agent")


def turned(play: Sequence[Row], how: str) -> str:
    """How many 25-step agents an edit turned without losing what they do with monsters."""
    return _both([row for row in play if (row["kind"], row["how"]) == (SHORT, how)])
