"""The page of a layer taken apart: how good its atoms are, beside a control, and every one of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.decomposition import METHODS, Dictionary, Stability
from core.runs import command_line, read_manifest
from core.subject import Subject
from feature_viz.examples.crops import Cell, top_cells
from feature_viz.examples.exemplars import Exemplars
from gridlens.decomposition.atoms import atoms_layer, heat, output_names, shares
from gridlens.decomposition.making import Found, Request
from gridlens.decomposition.shown import thumbnails
from gridlens.decomposition.words import ALIKE, UNIT, caveats, finding, lost, of
from gridlens.opened import Opened
from reports.decomposition import Bins, Portrait, portrait
from reports.exports import export
from reports.figures import percent
from reports.html import number, write
from reports.sections import Cell as Entry
from reports.sections import Link, Report, Section, Table

CROPS = 10
"""Inputs shown of an atom, at most."""


def write_page(opened: Opened, found: Found, request: Request, *, folder: Path) -> Report:
    """Compose the page, and write index.html and, into ``data``, every figure and table."""
    report = page(opened, found, request, command=_command(folder))
    export(report, folder / "data")
    write(report, folder / "index.html")
    return report


def _command(folder: Path) -> str:
    return str(read_manifest(folder).get("command") or command_line())


def page(opened: Opened, found: Found, request: Request, *, command: str) -> Report:
    """All that was found, as a report."""
    subject, fits = opened.subject, found.fits
    dictionary = fits.dictionary
    said = METHODS[dictionary.method].help
    return Report(
        kind="Decomposition",
        title=f"{request.layer} of {subject.name} in {len(dictionary)} atoms",
        question="Which few directions does the layer write its activations with, and what does each stand for?",
        approach=f"What {request.layer} says at {found.rows:,} places of {len(found.inputs.source):,} "
        f"{found.inputs.called} was taken apart by {dictionary.method} ({said}). Quality is measured on inputs that "
        "fitting did not see. The control is the same method on the same numbers after each channel was shuffled by "
        "itself: channels keep how often and how strongly they fire, and lose what they fire with.",
        finding=finding(fits, found.nearest, request.layer),
        evidence=[_quality(found), _overview(subject, found), _portraits(subject, found)],
        caveats=[*caveats(fits, found.inputs.called), *opened.notes],
        reproduce=[command],
        provenance={subject.name: dictionary.provenance},
    )


def _quality(found: Found) -> Section:
    fits = found.fits
    rows: list[list[Entry]] = [
        _judged(found.seen.layer, fits.dictionary, fits.stable),
        _judged("shuffled (control)", fits.shuffled, fits.stable_by_chance),
    ]
    if fits.pca is not None:
        rows.append(_judged(f"pca, {len(fits.pca)} atoms", fits.pca, None))
    header = ["", "variance kept", "atoms at once", "dead", "cosine with its twin", "same in the twin"]
    caption = (
        "Variance kept: R² of activations put together again from codes; atoms at once: those not 0 at a place (L0). "
        f"The twin was fitted with another seed; an atom is the same if their cosine is above {ALIKE:g}."
    )
    text = ""
    if fits.pca is not None:
        text = "The last row is how much variance that many directions can keep at most, whatever they mean."
    return Section("How good are the atoms?", text, tables=[Table(header, rows, caption=caption)])


def _judged(name: str, one: Dictionary, stable: Stability | None) -> list[Entry]:
    quality = one.quality
    return [
        name,
        percent(quality.r2),
        f"{number(quality.l0.estimate)} of {len(one)}",
        quality.dead,
        None if stable is None else f"{stable.mean.estimate:.2f}",
        None if stable is None else percent(stable.same),
    ]


def _overview(subject: Subject, found: Found) -> Section:
    dictionary, near, twin = found.fits.dictionary, found.nearest, found.fits.stable
    carried, names = shares(dictionary), output_names(subject)
    rows: list[list[Entry]] = [
        [
            Link(f"atom {atom}", f"#figure-atom-{atom}"),
            of(float(carried[atom])),
            of(float(dictionary.quality.firing[atom])),
            f"{int(near.unit[atom])} ({float(near.cosine[atom]):.2f})",
            f"{float(twin.cosine[atom]):.2f}",
            lost(found.effects[place], names, most=1),
        ]
        for place, atom in enumerate(found.chosen)
    ]
    header = ["", "share", "fires on", "nearest unit (cosine)", "cosine with its twin", "outputs without it"]
    silent = len(dictionary) - len(found.chosen)
    more = f" The other {silent} are in atoms.csv beside this page." if silent else ""
    caption = (
        "Share: of the mean square of all codes; fires on: share of places. A random direction comes as near as "
        f"{near.by_chance:.2f} to a unit. Outputs: the one that changes most on the {len(found.examples.top.index)} "
        f"{found.inputs.called} that fire the atom most, if it is put to 0 there.{more}"
    )
    return Section("All at a glance", tables=[Table(header, rows, caption=caption)])


def _portraits(subject: Subject, found: Found) -> Section:
    dictionary = found.fits.dictionary
    layer, examples = atoms_layer(dictionary), found.examples
    groups = {atom: _cells(found, atom) for atom in found.chosen}

    def lights(atom: int, inputs: Tensor) -> Float[Tensor, "n h w"]:
        from core.decomposition import atoms_as_units

        return heat(atoms_as_units(subject, dictionary), layer, atom, inputs)

    small = thumbnails(found.inputs, found.seen, groups, lights)
    figures = [
        portrait(
            Portrait(
                f"Atom {atom}",
                _said(subject, found, place, atom),
                small.get(atom, []),
                bins_of(examples, atom),
                picture_of(found.made[atom]) if atom in found.made else None,
            )
        )
        for place, atom in enumerate(found.chosen)
    ]
    shown = (
        "whole states, lit where the atom fires"
        if found.inputs.world is not None
        else ("crops around the place where it fires most; the frame marks what the layer sees of it")
    )
    text = f"The {found.inputs.called} that fire each atom most: {shown}." if found.inputs.drawable else ""
    if found.made:
        text += " Large: a picture made by changing noise until it lies along the atom."
    return Section("Atom by atom", text, figures=figures)


def _cells(found: Found, atom: int) -> Sequence[Cell]:
    return [cell for cell in top_cells(found.seen, found.examples, atom) if cell.score > 0][:CROPS]


def _said(subject: Subject, found: Found, place: int, atom: int) -> str:
    dictionary, near = found.fits.dictionary, found.nearest
    cosine = float(near.cosine[atom])
    close = (
        "which it nearly is"
        if cosine > UNIT
        else "so it is no single unit"
        if cosine < 0.7
        else "mostly that unit"
    )
    return (
        f"Carries {of(float(shares(dictionary)[atom]))} and fires on {of(float(dictionary.quality.firing[atom]))} of "
        f"places. Nearest unit: {dictionary.layer}:{int(near.unit[atom])}, cosine {cosine:.2f}, {close}. Without it: "
        f"{lost(found.effects[place], output_names(subject), most=3)}."
    )


def bins_of(examples: Exemplars, unit: int) -> Bins | None:
    """The histogram of a unit's scores from its first occupied bin to its last."""
    held = examples.histogram
    filled = held.counts[:, unit].nonzero().flatten()
    if not len(filled):
        return None
    first, last = int(filled[0]), int(filled[-1])
    width = float(held.width[unit])
    return Bins(float(held.low[unit]) + first * width, width, held.counts[first : last + 1, unit].tolist())


def picture_of(image: Float[Tensor, "c h w"]) -> Float[np.ndarray, "h w 3"]:
    """A made picture for people: grey where the network sees one channel; channels' mean where it sees others."""
    rgb = image if image.shape[0] == 3 else image.mean(0, keepdim=True).expand(3, -1, -1)
    shown: np.ndarray = torch.clamp(rgb, 0, 1).permute(1, 2, 0).cpu().numpy()
    return shown
