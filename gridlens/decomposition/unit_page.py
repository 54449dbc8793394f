"""The page of units taken apart: how many senses each has, how sure that is, and every sense with its pictures."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from core.runs import command_line, read_manifest
from core.senses import Senses
from core.subject import Subject
from feature_viz.senses import sense_cells
from gridlens.decomposition.atoms import heat
from gridlens.decomposition.page import bins_of, picture_of
from gridlens.decomposition.shown import thumbnails
from gridlens.decomposition.unit_making import Found, Parted, Request
from gridlens.decomposition.words import of
from gridlens.opened import Opened
from reports.decomposition import Bins, Portrait, Thumbnail, portrait
from reports.exports import export
from reports.html import anchor, write
from reports.sections import Cell, Figure, Link, Report, Section, Table

CROPS, CHANNELS = 10, 3
"""Inputs shown of a sense, and channels of the layer before that are named, at most."""


def write_page(opened: Opened, found: Found, request: Request, *, folder: Path) -> Report:
    """Compose the page, and write index.html and, into ``data``, every figure and table."""
    command = str(read_manifest(folder).get("command") or command_line())
    report = page(opened, found, request, command=command)
    export(report, folder / "data")
    write(report, folder / "index.html")
    return report


def page(opened: Opened, found: Found, request: Request, *, command: str) -> Report:
    """All that was found of some units, as a report."""
    subject = opened.subject
    return Report(
        kind="Senses",
        title=f"What {request.layer} of {subject.name} means, unit by unit",
        question="Does each unit answer to one thing, or to several that have nothing to do with each other?",
        approach=f"For the up to 200 of {len(found.inputs.source):,} {found.inputs.called} that fire a unit most, and "
        "at least 30 % as much as the strongest, the contributions of the layer before it were taken at the place "
        "where it peaks: which channels spoke, how loudly left aside. They are parted where they lie in heaps apart, "
        "by Silverman's test on inputs that the line of parting was not chosen on; a unit with one sense stays whole.",
        finding=finding(found, request.layer),
        evidence=[_overview(found), *_sections(subject, found)],
        caveats=[
            "A sense with less than a twentieth of the inputs is not looked for, nor one that weak activations show.",
            "A test that finds one heap does not prove that there is one: more inputs may show finer partings.",
            "Senses that shade into one another - every angle of an edge - are one sense here, or are parted where "
            "inputs are fewest.",
            *opened.notes,
        ],
        reproduce=[command],
        provenance={str(one.unit): one.senses.provenance for one in found.units},
    )


def finding(found: Found, layer: str) -> str:
    """One sentence: which units have several senses."""
    units, called = found.units, found.inputs.called
    several = [one for one in units if len(one.senses.senses) > 1]
    if not units:
        return f"The senses of these units of {layer} cannot be told from these {called}."
    if len(units) == 1:
        count = len(units[0].senses.senses)
        return f"{units[0].unit} has {count} senses." if several else f"{units[0].unit} shows one sense."
    if not several:
        return f"Each of {len(units)} units of {layer} shows one sense."
    names = ", ".join(f"{one.unit.channel} ({len(one.senses.senses)})" for one in several)
    has = "has" if len(several) == 1 else "have"
    rest = "" if len(several) == len(units) else "; the others show one"
    return f"{len(several)} of {len(units)} units of {layer} {has} several senses: {names}{rest}."


def _overview(found: Found) -> Section:
    rows = [_row(one) for one in found.units]
    header = ["", "senses", "shares", "inputs", "told by", "silhouette", "control", "p"]
    caption = (
        "Silhouette: how much nearer inputs lie to their own sense than to the next, 0 to 1 (of a forced parting in "
        "two, where there is one sense). Control: the same of as many clusters forced on one cloud of the same spread. "
        "p: of the least sure parting; of the surest one refused, where there is one sense."
    )
    return Section(
        "All at a glance", "\n\n".join(found.refused), tables=[Table(header, rows, caption=caption)]
    )


def _row(one: Parted) -> list[Cell]:
    made = one.senses
    name = f"{one.unit}, sense a" if len(made.senses) > 1 else str(one.unit)
    return [
        Link(str(one.unit), f"#figure-{anchor(name)}"),
        len(made.senses),
        " ".join(of(sense.share) for sense in made.senses),
        len(made.given),
        made.before,
        f"{float(made.found.separation.mean()):.2f}",
        f"{made.found.control:.2f}",
        f"{made.found.p_value:.3f}",
    ]


def _sections(subject: Subject, found: Found) -> list[Section]:
    """The units that came apart, then those that did not."""
    several: list[Figure] = []
    whole: list[Figure] = []
    for one in found.units:
        (several if len(one.senses.senses) > 1 else whole).extend(_figures(subject, found, one))
    shown = (
        "whole states, lit where the unit fires"
        if found.inputs.world is not None
        else (
            "crops around the place where the unit peaks, strongest first; the frame marks what it sees of them"
        )
    )
    text = f"The {found.inputs.called} of each sense: {shown}." if found.inputs.drawable else ""
    both = (
        Section("Units with several senses", text, figures=several),
        Section("Units with one sense", "" if several else text, figures=whole),
    )
    return [section for section in both if section.figures]


def _figures(subject: Subject, found: Found, one: Parted) -> list[Figure]:
    made = one.senses
    groups = {number: sense_cells(made, number, found.seen)[:CROPS] for number in range(len(made.senses))}

    def lights(_: int, inputs: Tensor) -> Tensor:
        return heat(subject, one.unit.layer, one.unit.channel, inputs)

    small = thumbnails(found.inputs, found.seen, groups, lights)
    bins = bins_of(found.examples, one.unit.channel) if len(made.senses) == 1 else None
    return [_figure(one, made, number, small[number], bins) for number in range(len(made.senses))]


def _figure(one: Parted, made: Senses, number: int, small: Sequence[Thumbnail], bins: Bins | None) -> Figure:
    several = len(made.senses) > 1
    name = f"{one.unit}, sense {chr(ord('a') + number)}" if several else str(one.unit)
    place = number + 1 if several else 0
    picture = picture_of(one.made[place]) if one.made else None
    return portrait(Portrait(name, _said(made, number), small, bins, picture))


def _said(made: Senses, number: int) -> str:
    sense = made.senses[number]
    given = made.given[list(sense.members)].mean(0)
    told = given.clamp_min(0)
    best = told.argsort(descending=True, stable=True)[:CHANNELS].tolist()
    total = float(told.sum()) or 1.0
    by = ", ".join(f"{channel} ({of(float(told[channel]) / total)})" for channel in best if told[channel] > 0)
    strength = float(made.spots.score[torch.tensor(sense.members)].mean())
    parts = [f"{of(sense.share)} of {len(made.given)} inputs, mean activation {strength:.3g}."]
    parts += [f"Told by channels {by} of {made.before}."] if by else []
    if len(made.senses) > 1:
        parts += [f"Silhouette {sense.separation:.2f}."]
    return " ".join(parts)
