"""Finished runs, whatever made them, as the results of one site."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from core.artifacts import read_json
from core.errors import BadInput, Unreadable, nearest
from core.runs import MANIFEST, read_manifest
from reports.card import card_path, read_card
from reports.families.words import run_sentence
from reports.front_page import Entry, report_entry
from reports.gallery.pages import gallery_entry
from reports.sections import Figure
from reports.site import Result, write_site

PAGE = "index.html"
PICTURES = 8
"""Pictures of a gallery or a family run on its card."""

TITLE = "Results"
LEAD = "Each result below is a page of its own, with the commands that make it again. Everything here opens offline."


def report(runs: Sequence[str | Path], *, out: str | Path, title: str = TITLE) -> Path:
    """Put finished runs - folders, or single pages - into one site at ``out``; returns the path of its front page.

    Raises
    ------
    BadInput, Unreadable
        if none is named, one twice, or one is unfinished or no result: before anything is written.
    RunConflict
        if ``out`` holds something that is no site.
    """
    if not runs:
        raise BadInput("a report puts results together; name at least one run folder or page")
    results = [found(run) for run in runs]
    places = [one.root / one.page for one in results]
    for place in places:
        if places.count(place) > 1:
            raise BadInput(f"{str(place.parent)!r} is named twice; each result stands in a report once")
    return write_site(out, _named(results), title=title, lead=LEAD)


def found(run: str | Path) -> Result:
    """A finished run or page as a result of a site.

    Raises
    ------
    Unreadable
        if there is no such run, it is unfinished, or it holds no page that tells what it found.
    """
    path = Path(run)
    if not path.exists():
        raise Unreadable(_missing(path))
    root, page = (path, PAGE) if path.is_dir() else (path.parent, path.name)
    _refuse_unfinished(root, path)
    if page == PAGE and (root / "gallery.json").exists():
        entry = gallery_entry(root, href=page, pictures=PICTURES)
    elif page == PAGE and (root / "pages.json").exists():
        entry = families_entry(root, href=page)
    elif (root / page).exists() and card_path(root / page).exists():
        entry = report_entry(read_card(root / page), href=page)
    else:
        raise Unreadable(_no_result(root, page, path))
    return Result(path.resolve().name if path.is_dir() else path.stem, root, page, entry)


def families_entry(folder: str | Path, *, href: str) -> Entry:
    """A run of family search as one entry of a front page, with the members of its first families."""
    folder = Path(folder)
    document = read_json(folder / "pages.json")
    members = chain.from_iterable(
        family["members"] for layer in document["layers"] for family in layer["shown"]
    )
    shown = [one for one in members if one["picture"] and (folder / one["picture"]).exists()][:PICTURES]
    return Entry(
        kind="Families",
        title=f"{document['group']['name'].capitalize()} families of {document['subject']['name']}",
        finding=run_sentence(document),
        href=href,
        commands=[str(read_manifest(folder)["command"])],
        pictures=[
            Figure(
                one["label"],
                "",
                f"Unit {one['unit']}, at {one['label']}",
                (folder / one["picture"]).read_bytes(),
            )
            for one in shown
        ],
    )


def _refuse_unfinished(root: Path, path: Path) -> None:
    if not path.is_dir() or not (root / MANIFEST).exists():
        return
    manifest = read_manifest(root)
    if manifest.get("state") != "finished":
        raise Unreadable(
            f"run {str(path)!r} is not finished (its manifest says {manifest.get('state')!r}); go on with it: "
            f"{manifest.get('command')}"
        )


def _missing(path: Path) -> str:
    beside = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
    near = nearest(path.name, beside)
    return f"there is no run or page {str(path)!r}" + (
        f"; the nearest is {str(path.parent / near)!r}" if near else ""
    )


def _no_result(root: Path, page: str, path: Path) -> str:
    if (root / page).exists() and (root / MANIFEST).exists():
        command = read_manifest(root).get("command")
        return (
            f"{str(path)!r} was made before pages told what they found beside them; make it again: {command}"
        )
    if path.is_dir() and (root / MANIFEST).exists():
        kind = read_manifest(root).get("kind")
        return f"{str(path)!r} holds a {kind!r} run, which has no page; expected a run with an {PAGE}"
    return f"{str(path)!r} is no result of Gridlens; expected a run folder with an {PAGE}, or such a page"


def _named(results: Sequence[Result]) -> list[Result]:
    """Each with a name of its own for its folder, and its entry leading there."""
    taken: set[str] = set()
    named = []
    for one in results:
        name, number = one.name, 1
        while name in taken:
            number += 1
            name = f"{one.name}-{number}"
        taken.add(name)
        named.append(replace(one, name=name, entry=replace(one.entry, href=f"{name}/{one.page}")))
    return named
