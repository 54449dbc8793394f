"""made(): the scores that are asked for, each a run of its own in one folder, and all that are there as one text."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from core.progress import Progress
from core.subject import Subject
from core.symmetry.views import Views
from gridlens.family_scores import agreement, networks, planted, published
from gridlens.family_scores.asked import PARTS, Request, refuse
from gridlens.family_scores.planted import cases
from gridlens.family_scores.summaries import agreement_part, planted_part, published_part
from gridlens.family_scores.tables import Part, keep, kept, write_scores
from vision import models
from vision.datasets import open_images
from vision.grey import suited
from vision.views.actions import parse
from vision.views.by_layer import suiting


def made(request: Request, *, out: Path, progress: Progress) -> tuple[list[Part], Path]:
    """The parts that are asked for, newly made or from what the folder holds; and the path of scores.md.

    scores.json and scores.md hold every part that the folder has, also of earlier calls.

    Raises
    ------
    UnknownName, BadInput
        if what is asked for does not exist.
    RunConflict
        if the folder holds scores that were asked for with other settings.
    """
    refuse(request)
    found = []
    for name in request.parts or PARTS:
        part = MAKING[name](request, out, progress)
        keep(part, out)
        found.append(part)
    return found, write_scores(kept(out, PARTS), out)


def _planted(request: Request, out: Path, progress: Progress) -> Part:
    every = cases(
        kinds=request.kinds or tuple(planted.KINDS),
        depths=request.depths or planted.DEPTHS,
        noises=request.noises or planted.NOISES,
        seeds=request.seeds,
    )
    return planted_part(planted.planted_rows(list(every), out=out / "planted", progress=progress))


def _published(request: Request, out: Path, progress: Progress) -> Part:
    load = partial(models.load, published.MODEL, weights=request.weights, device=request.device)
    subject, why = published.fetched(load)
    if subject is None:
        return Part("published", published.TITLE, why)

    def views(layers: Sequence[str], group: str) -> dict[str, Views]:
        return _views(subject, layers, request.images, request, progress, group)

    tables = published.published_tables(subject, views, out=out / "published", progress=progress)
    return published_part(tables)


def _agreement(request: Request, out: Path, progress: Progress) -> Part:
    folder = networks.data_folder(request.data)
    if folder is None:
        return Part("agreement", agreement.TITLE, agreement.NO_DATA)
    rows, families, left_out = [], [], []
    for network in networks.chosen(request.models):
        absent = networks.missing(network, folder)
        if absent is not None:
            left_out.append(f"{network.model} is left out: the data folder has no {absent}.")
            continue
        subject = models.load(network.model, weights=folder / network.weights, device=request.device)
        pictures = request.images or folder / network.pictures
        for group in agreement.GROUPS:
            told = agreement.agreement_rows(
                subject,
                network.layers,
                _views(subject, network.layers, pictures, request, progress, group),
                out=out / "agreement" / f"{network.model}-{group.replace(':', '-')}",
                early=network.early,
                progress=_of(progress, f"{network.model} {group}"),
            )
            rows += told[0]
            families += told[1]
    return agreement_part(rows, families, left_out)


MAKING: Mapping[str, Callable[[Request, Path, Progress], Part]] = {
    "planted": _planted,
    "published": _published,
    "agreement": _agreement,
}
"""How each part is made."""


def _views(
    subject: Subject,
    layers: Sequence[str],
    pictures: Path | None,
    request: Request,
    progress: Progress,
    group: str,
) -> dict[str, Views]:
    """The pictures under a group, or leaves where there are none."""
    height, width = subject.spec.shape[1:]
    seen = None
    if pictures is not None:
        source = open_images(pictures, size=(height, width), count=request.count, progress=progress)
        seen = suited(source, subject.spec)
    return suiting(subject, layers, seen, parse(group), count=request.count, seed=0)


def _of(progress: Progress, what: str) -> Progress:
    return lambda done, total, label: progress(done, total, f"{what}: {label}")
