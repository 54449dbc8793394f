"""The sections about the inside: what each classifier knows, and how alike they are layer by layer and unit by unit."""

import numpy as np

from gridlens.comparing.classifiers import Found
from gridlens.comparing.knowledge import best, concepts_of
from gridlens.comparing.representation import Alike
from gridlens.comparing.use import verdict_of
from reports.comparing.by_class import class_dots
from reports.comparing.correction import exact
from reports.comparing.heat import heat_map
from reports.comparing.knowing import Depth, known_by_depth
from reports.figures import percent
from reports.matching import Shares, share_table
from reports.sections import Cell, Figure, Section, Table

LISTED = 12
"""Layers listed of networks of one build."""


def knowledge_section(found: Found) -> Section:
    """Every factor over the depth of each network, and where it is read best."""
    concepts = concepts_of(found.knowledge)
    curves = {
        concept: {
            name: Depth(
                [one.layer for one in reads if one.concept == concept],
                [one.score for one in reads if one.concept == concept],
                [one.control for one in reads if one.concept == concept],
                [one.untrained for one in reads if one.concept == concept],
            )
            for name, reads in found.knowledge.items()
        }
        for concept in concepts
    }
    measure = next(one.measure for reads in found.knowledge.values() for one in reads)
    chart = known_by_depth(
        curves,
        measure=measure,
        title="What can be read off each layer",
        caption=f"{measure} of a linear probe on images it was not fitted to, from the input to the answer; bands: "
        "95 %. Dotted: the same network with random weights; grey: labels shuffled.",
    )
    header = ["factor", "classifier", "best layer", "score", "shuffled labels", "untrained there"]
    rows: list[list[Cell]] = []
    for concept in concepts:
        for name, reads in found.knowledge.items():
            top = best(reads, concept)
            untrained = round(top.untrained.estimate, 3) if top.untrained else None
            rows.append([concept, name, top.layer, top.score, round(top.control.estimate, 3), untrained])
    text = (
        "Factors of the procedural images, which are known exactly, read off the mean of every unit's map. That a "
        "factor can be read off a layer is to a network's credit only as far as it goes beyond the same network "
        "untrained."
    )
    table = Table(header, rows, caption="Where each factor is read best.")
    return Section("What each knows", text, figures=[chart], tables=[table])


def use_section(found: Found) -> Section:
    """How far answers move when a factor is erased, beside random directions; known and used, or not."""
    values = {name: {one.concept: one.effect for one in each} for name, each in found.uses.items()}
    chart = class_dots(
        values,
        title="How far the answer moves",
        caption="Mean total variation of the answers' probabilities when the factor is erased from the layer where it "
        "is read best, with 95 % intervals; chance is in the table.",
    )
    header = ["factor", "classifier", "layer", "moves", "random directions", "verdict"]
    rows: list[list[Cell]] = []
    for place, concept in enumerate(concepts_of(found.knowledge)):
        for name, each in found.uses.items():
            one = each[place]
            chance = f"{100 * one.chance.low:.1f} to {100 * one.chance.high:.1f} %"
            verdict = verdict_of(best(found.knowledge[name], concept), one)
            rows.append([concept, name, one.layer, exact(one.effect), chance, verdict])
    text = (
        "What can be read off a layer need not be used. Here what the layer says of the factor, linearly and on "
        "average over positions, is erased, and random directions of the layer are changed by as much. A network that "
        "keeps the factor twice, or not along a line, would seem not to use it."
    )
    table = Table(
        header,
        rows,
        caption="Known: read better than with labels shuffled. Used: beyond all random directions.",
    )
    return Section("What each uses", text, figures=[chart], tables=[table])


def representation_section(found: Found) -> Section:
    """CKA and matched units of every pair; what differs at all in those of one build."""
    figures: list[Figure] = []
    tables: list[Table] = []
    for alike in found.alike:
        figures += [_cka(alike), _matched(alike)]
        if alike.build is not None and alike.build.altered:
            tables.append(_parting(alike))
    said = [_said(alike) for alike in found.alike]
    left = len(found.lineup.pairs) - len(found.alike)
    more = f"\n\n{left} more pairs were not looked into." if left else ""
    return Section("How alike they are inside", "\n\n".join(said) + more, figures=figures, tables=tables)


def _said(alike: Alike) -> str:
    clear = [one for one in alike.best if one.share.low > one.by_control.high]
    most = max(alike.best, key=lambda one: one.share.estimate)
    units = (
        f"{percent(most.share)} of the units of {alike.one}'s {most.a} have a counterpart in {alike.other}'s {most.b} "
        f"({100 * most.by_control.estimate:.0f} % with its weights shuffled); more than by chance in {len(clear)} of "
        f"{len(alike.best)} layers"
    )
    return f"{alike.one} and {alike.other}: {_build(alike)}{units}."


def _build(alike: Alike) -> str:
    build = alike.build
    if build is None:
        return ""
    if build.same:
        return "they are the same network, weight for weight. "
    if not build.altered:
        return f"they are built alike, and {len(build.weights)} of {build.tensors} weight tensors differ. "
    first = build.first
    start = f"they are built alike; {len(build.weights)} of {build.tensors} weight tensors differ. "
    if first is None:
        return start + "No unit answers differently. "
    return start + (
        f"Answers part first in {first.layer}, in {first.count} of {first.units} units"
        + (f" (unit {', '.join(map(str, first.differing))}). " if first.count <= 3 else ". ")
    )


def _cka(alike: Alike) -> Figure:
    table = alike.cka
    rows, columns = list(table.rows), list(table.columns)
    finite = np.where(np.isfinite(table.estimate), table.estimate, -1)
    best_of = [
        f"{name} is most like {columns[int(row.argmax())]} ({row.max():.2f})"
        for name, row in zip(rows, finite, strict=True)
    ]
    return heat_map(
        table.estimate,
        (rows, columns),
        axes=(alike.one, alike.other),
        title=f"Layers of {alike.one} and {alike.other}: CKA",
        caption=f"Hundredths; 100: the same up to rotation and scale, 0: nothing shared. Debiased, over {table.images} "
        "images; intervals are in the exported table.",
        spoken="; ".join(best_of) + ".",
    )


def _matched(alike: Alike) -> Figure:
    rows = list(dict.fromkeys(one.a for one in alike.every))
    columns = list(dict.fromkeys(one.b for one in alike.every))
    real, chance = np.full((2, len(rows), len(columns)), np.nan)
    for one in alike.every:
        place = rows.index(one.a), columns.index(one.b)
        real[place], chance[place] = one.share.estimate, one.by_control.estimate
    return share_table(
        Shares(rows, columns, real, chance),
        title=f"Units of {alike.one} with a counterpart in {alike.other}",
        caption=f"Share of the row's units; in brackets with {alike.other}'s weights shuffled. The frame marks the "
        "best of each row.",
        axes=(alike.one, alike.other),
        control="weights shuffled",
    )


def _parting(alike: Alike) -> Table:
    build = alike.build
    held = [] if build is None else [one for one in build.layers if one.count]
    rows: list[list[Cell]] = [
        [
            one.layer,
            f"{one.count} of {one.units}",
            ", ".join(map(str, one.differing)) + (" …" if one.count > len(one.differing) else ""),
            one.largest,
        ]
        for one in held[:LISTED]
    ]
    names = [] if build is None else build.weights
    which = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    caption = (
        f"{alike.one} and {alike.other}, built alike, differ in these weights: {which}. The first {len(rows)} layers "
        "in which units answer differently; by how much: of the unit that differs most, relative to its maps."
    )
    return Table(["layer", "units that differ", "which", "by how much"], rows, caption=caption)
