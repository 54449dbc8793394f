"""The second section: where classifiers agree, image by image, and the images that they part over most."""

from collections.abc import Sequence

import numpy as np

from gridlens.comparing.behaviour import Agreement, mean_distance
from gridlens.comparing.classifiers import Found
from gridlens.comparing.disagreement import Parting
from reports.comparing.correction import exact
from reports.comparing.differing import Beside, side_by_side
from reports.comparing.heat import heat_map
from reports.maps import Overlay
from reports.sections import Cell, Figure, Section, Table

ROOMY = 20
"""Classes up to which answers are crossed in a map."""

MOST_MAPS = 3
"""Pairs whose answers are crossed, at most."""

A_FIGURE = 3
"""Images of one figure: it must fit on a printed page."""

LISTED = 10
"""Pairs of answers listed."""


def disagreement_section(found: Found) -> Section:
    """Agreement in numbers, answers crossed, the images of the largest disagreement with both attributions."""
    title = "Where they agree and where not"
    if not found.agreements:
        return Section(title, "They have no classes in common, so answers cannot be compared.")
    crossed = [_crossed(found, one) for one in found.agreements[:MOST_MAPS]]
    figures = [one for one in crossed if one is not None]
    for pair, shown in found.partings:
        starts = range(0, len(shown), A_FIGURE)
        figures += [_images(found, pair, shown[start : start + A_FIGURE], start) for start in starts]
    tables = [_table(found)]
    if listed := _listed(found):
        tables.append(listed)
    return Section(title, _text(found), figures=figures, tables=tables)


def _text(found: Found) -> str:
    if not found.partings:
        return "On no image do their probabilities differ by more than a thousandth: there is no disagreement to show."
    method = found.method
    said = (
        "Two classifiers are the further apart on an image the more probability would have to be moved to make the "
        "one's answer the other's: total variation, 0 for the same answer, 1 for nothing in common."
    )
    if method is None:
        return said
    checked = (
        "failed a sanity check (see the caveats)"
        if method.failed
        else "passed two sanity checks in all of them"
    )
    tried = "".join(f" {name} was left out: {why}." for name, why in method.tried.items())
    return (
        f"{said}\n\nThe attributions are by {method.name}, each for the classifier's own answer; it {checked}: "
        f"with weights made random, and for another answer, its map must become another.{tried}"
    )


def _crossed(found: Found, one: Agreement) -> Figure | None:
    """Answers of the one by answers of the other, as counts."""
    classes = found.lineup.classes
    if len(classes) > ROOMY or one.share.estimate == 1:
        return None
    counts = _counts(found, one)
    used = np.flatnonzero(counts.sum(0) + counts.sum(1))
    counts = counts[np.ix_(used, used)]
    names = [classes[place] for place in used]
    shares = np.where(counts, counts / np.maximum(counts.sum(1, keepdims=True), 1), np.nan)
    apart = counts.sum() - np.trace(counts)
    return heat_map(
        shares,
        (names, names),
        axes=(one.one, one.other) if one.one != one.other else ("first", "second"),
        title=f"What {one.other} answers where {one.one} answers …",
        caption="Number of images; colour: share of the row. Off the diagonal they disagree.",
        spoken=f"They agree on {int(np.trace(counts))} images and disagree on {int(apart)}.",
        written=[[str(int(value)) if value else "" for value in row] for row in counts],
    )


def _counts(found: Found, one: Agreement) -> np.ndarray:
    size = len(found.lineup.classes)
    both = found.answers[one.one].choice * size + found.answers[one.other].choice
    return np.bincount(both, minlength=size * size).reshape(size, size)


def _images(found: Found, pair: Agreement, shown: Sequence[Parting], start: int) -> Figure:
    names = found.lineup.source.names
    rows = [
        Beside(
            names[one.image],
            one.truth,
            one.distance,
            (
                Overlay(pair.one, one.pictures[0], one.maps[0], _said(one.answers[0], one.confidences[0])),
                Overlay(pair.other, one.pictures[1], one.maps[1], _said(one.answers[1], one.confidences[1])),
            ),
        )
        for one in shown
    ]
    return side_by_side(
        rows,
        title=f"The images that {pair.one} and {pair.other} part over {'most' if not start else 'next'}",
        caption="Left: the image. Beside it, under the answer of each, what spoke for it (orange) and against it.",
    )


def _said(answer: str, confidence: float) -> str:
    return f"{answer} {100 * confidence:.0f} %"


def _table(found: Found) -> Table:
    labelled = any(one.counts for one in found.agreements)
    header = ["pair", "same answer", "how far apart"]
    header += ["both right", "only the first", "only the second", "neither", "kappa"] if labelled else []
    rows: list[list[Cell]] = []
    for one in found.agreements:
        row: list[Cell] = [
            f"{one.one}, {one.other}",
            exact(one.share),
            f"{mean_distance(one, seed=found.settings.seed).estimate:.3f}",
        ]
        if labelled:
            row += [*(one.counts or (None,) * 4), one.kappa]
        rows.append(row)
    caption = "Image by image, over all images. How far apart: mean total variation."
    if labelled:
        caption += (
            " Right and wrong: labelled images. Kappa: consistency of errors, 1 if they err on the same images, 0 if "
            "their errors have nothing to do with each other."
        )
    return Table(header, rows, caption=caption)


def _listed(found: Found) -> Table | None:
    """The commonest ways of disagreeing."""
    classes, rows = found.lineup.classes, []
    for one in found.agreements:
        counts = _counts(found, one)
        np.fill_diagonal(counts, 0)
        order = np.argsort(-counts, axis=None, kind="stable")[:LISTED]
        for place in order:
            a, b = divmod(int(place), len(classes))
            if counts[a, b]:
                rows.append((int(counts[a, b]), [f"{one.one}: {classes[a]}", f"{one.other}: {classes[b]}"]))
    rows.sort(key=lambda row: -row[0])
    if not rows:
        return None
    table: list[list[Cell]] = [[*answers, count] for count, answers in rows[:LISTED]]
    return Table(["one answers", "the other", "images"], table, caption="The commonest disagreements.")
