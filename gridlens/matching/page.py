"""The page of two networks side by side: how many units have a counterpart, how alike, which, and which families."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.runs import command_line, read_manifest
from core.similarity import Match
from gridlens.matching.family_page import families_section
from gridlens.matching.making import UNITS, Found
from gridlens.matching.measuring import Compared, best_correlations
from gridlens.matching.words import caveats, finding
from reports.exports import export
from reports.figures import percent
from reports.html import write
from reports.matching import Couple, Nearest, Shares, couples, nearest_curves, share_table
from reports.sections import Cell, Figure, Report, Section, Table

PANELS = 9
"""Layer pairs whose nearest units are drawn as curves, at most."""

SHUFFLED = "weights shuffled"


def write_page(found: Found, *, folder: Path) -> Report:
    """Compose the page, and write index.html and, into ``data``, every figure and table."""
    report = page(found, command=str(read_manifest(folder).get("command") or command_line()))
    export(report, folder / "data")
    write(report, folder / "index.html")
    return report


def page(found: Found, *, command: str) -> Report:
    """All that was found, as a report."""
    a, b = found.names
    images = len(found.a.images)
    return Report(
        kind="Two networks",
        title=f"{a} beside {b}",
        question=f"Which units of {a} have a counterpart in {b}: one that answers alike to the same images?",
        approach=_approach(found),
        finding=finding(a, b, found.best),
        evidence=[*_counts(found), _nearest(found), _side_by_side(found), *families_section(found)],
        caveats=caveats(found.best, images, found.best[0].real.top),
        reproduce=[command],
        provenance={one.name: one.real.provenance for one in found.best},
    )


def _approach(found: Found) -> str:
    a, b = found.names
    one = found.best[0].real
    sizes = [f"{shown.images.size[0]} x {shown.images.size[1]}" for shown in (found.a, found.b)]
    shown = sizes[0] if sizes[0] == sizes[1] else f"{sizes[0]} for {a}, {sizes[1]} for {b}"
    near = "the other's nearest" if one.top == 1 else f"among the other's nearest {one.top}"
    return (
        f"Both networks saw the same {len(found.a.images):,} images ({shown} pixels). Every unit's map was brought to "
        "the coarser grid of the two layers and correlated, over images and places, with every unit's of the other "
        f"layer. Two units are a pair if each is {near}. They count as counterparts if the whole "
        f"95 % interval of their correlation, over images, lies above a threshold: what only one unit of {a} in twenty "
        f"reaches with its best of {b} when {b} is shown other images.\n\n"
        f"The control is {b} with its weights shuffled within each filter: it sees the same images through the same "
        "architecture and has learned nothing."
    )


def _counts(found: Found) -> list[Section]:
    a, b = found.names
    text = (
        f"Every pair is in `{UNITS}` beside this page. In the brackets, and in the column “{SHUFFLED}”: how many "
        f"counterparts units of {a} have in {b} with its weights shuffled."
    )
    figures = [_shares(found)] if len(found.every) > 1 else []
    return [
        Section(
            "How many units have a counterpart?", text, figures=figures, tables=[_table(found.best, a, b)]
        )
    ]


def _shares(found: Found) -> Figure:
    rows = list(dict.fromkeys(one.a for one in found.every))
    columns = list(dict.fromkeys(one.b for one in found.every))
    real, chance = np.full((2, len(rows), len(columns)), np.nan)
    for one in found.every:
        place = rows.index(one.a), columns.index(one.b)
        real[place], chance[place] = one.share.estimate, one.by_control.estimate
    a, b = found.names
    return share_table(
        Shares(rows, columns, real, chance),
        title=f"Units of {a} with a counterpart in {b}",
        caption=f"By layer, as a share of the row's units; in brackets with {b}'s weights shuffled. The frame marks "
        "the best of each row.",
        axes=(a, b),
        control=SHUFFLED,
    )


def _table(best: Sequence[Compared], a: str, b: str) -> Table:
    header = [
        a,
        b,
        f"of {a}'s units",
        SHUFFLED,
        "other images",
        f"of {b}'s units",
        "threshold",
        "median correlation",
    ]
    rows: list[list[Cell]] = [
        [
            one.a,
            one.b,
            percent(one.share),
            percent(one.by_control),
            f"{one.real.by_chance} of {one.real.units}",
            percent(one.share_of_b),
            f"{one.real.threshold:.2f}",
            _median(one.real.beyond_chance),
        ]
        for one in best
    ]
    caption = (
        f"For each layer of {a} the layer of {b} in which most of its units have a counterpart (or the pairs that were "
        f"named). Other images: pairs above the threshold when {b} is shown other images. Median correlation: of the "
        "counterparts."
    )
    return Table(header, rows, caption=caption)


def _median(pairs: Sequence[Match]) -> str | None:
    return f"{np.median([pair.correlation.estimate for pair in pairs]):.2f}" if pairs else None


def _nearest(found: Found) -> Section:
    b = found.names[1]
    alone = len({one.a for one in found.best}) == len(found.best)
    panels = [
        Nearest(
            one.a if alone else one.name,
            {
                b: best_correlations(one.real),
                SHUFFLED: best_correlations(one.control),
                "other images": one.real.control.numpy(),
            },
            one.real.threshold,
        )
        for one in found.best[:PANELS]
    ]
    text = (
        "The largest correlation of every unit with any of the other layer, mutual or not, from the best unit to the "
        "worst. The dotted line is the threshold."
    )
    caption = f"Solid: with {b}; dashed: with {b}'s weights shuffled, and with {b} shown other images."
    return Section(
        "How alike are the nearest?",
        text,
        figures=[nearest_curves(panels, title="Nearest units", caption=caption)],
    )


def _side_by_side(found: Found) -> Section:
    a, b = found.names
    figures = []
    for one in found.best:
        shown = found.shown[one.name]
        if not shown:
            continue
        held = [
            Couple(
                str(pair.a),
                str(pair.b),
                pair.correlation,
                (found.pictures[0].get((one.a, pair.a)), found.pictures[1].get((one.b, pair.b))),
            )
            for pair in shown
        ]
        count = len(one.real.beyond_chance)
        which = (
            f"All {count} counterparts"
            if count == len(shown)
            else f"{len(shown)} of {count} counterparts, evenly from the most alike to the least"
        )
        caption = f"{which}; below each couple its units and their correlation with its interval."
        figures.append(couples(held, title=one.name, caption=caption, names=(a, b)))
    text = (
        f"Pictures made for each unit: {a} left, {b} right. They were made apart from each other and from the images; "
        "where both show the same, that is evidence of its own."
        if figures
        else "No unit has a counterpart."
    )
    return Section("Side by side", text, figures=figures)
