"""A site out of finished pages: what they lead to is copied, each gets a way back, and a front page leads to all."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from core.artifacts import read_json, write_bytes, write_json
from core.errors import RunConflict
from reports.front_page import Entry, write_front

CONTENTS = "site.json"
"""{schema, title, results: [{name, page, files}]}: what a site holds, so that it can be made again over itself."""

SCHEMA = "gridlens.site/1"

BESIDE = ("manifest.json", "data")
"""What is taken along although a page may not lead to it: how a result was made, and its numbers."""

LEADS = re.compile(r"""(?P<head><[a-z][^<>]*?\s)(?P<key>href|src)="(?P<way>[^"]*)\"""", re.IGNORECASE)
BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Result:
    """One result of a site: the folder ``name`` that it gets, the page to open in ``root``, and its entry."""

    name: str
    root: Path
    page: str
    entry: Entry = field(repr=False)


def write_site(folder: str | Path, results: Sequence[Result], *, title: str, lead: str) -> Path:
    """Copy results into ``folder``, a folder each, and write index.html over them; returns its path.

    Made again, the files are the same bytes; results that are no longer asked for are removed. Links of pages to what
    is not in the site are undone: the words stay.

    Raises
    ------
    RunConflict
        if the folder holds something that is no site: before anything is written.
    DiskFull
        if the disk has no room.
    """
    folder = Path(folder)
    held = _held(folder)
    files = {one.name: sorted(needed(one)) for one in results}
    roots = {one.root.resolve(): one.name for one in results}
    listed = [{"name": one.name, "page": one.page, "files": files[one.name]} for one in results]
    for one in results:
        for name in files[one.name]:
            write_bytes(folder / one.name / name, _copied(one, name, set(files[one.name]), roots, title))
    wanted = {f"{one.name}/{name}" for one in results for name in files[one.name]}
    write_json(folder / CONTENTS, {"schema": SCHEMA, "title": title, "results": listed})
    for left in held - wanted:
        _removed(folder, left)
    return write_front(folder / "index.html", [one.entry for one in results], title=title, lead=lead)


def needed(result: Result) -> set[str]:
    """The files within a result's folder that its page leads to, by way of others too, and those of ``BESIDE``."""
    found: set[str] = set()
    waiting = [result.page, *_beside(result.root)]
    while waiting:
        name = waiting.pop()
        if name in found or not (result.root / name).is_file():
            continue
        found.add(name)
        if name.endswith(".html"):
            text = (result.root / name).read_text()
            ways = (_within(name, html.unescape(match["way"])) for match in LEADS.finditer(text))
            waiting += [way for way in ways if way is not None]
    return found


def _held(folder: Path) -> set[str]:
    """The files of a site that is there already."""
    if (folder / CONTENTS).exists():
        return {
            f"{one['name']}/{name}"
            for one in read_json(folder / CONTENTS)["results"]
            for name in one["files"]
        }
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunConflict(
            f"{str(folder)!r} exists and holds no site; name an empty or a new folder with --out"
        )
    return set()


def _beside(root: Path) -> Iterator[str]:
    for name in BESIDE:
        path = root / name
        if path.is_file():
            yield name
        yield from (one.relative_to(root).as_posix() for one in sorted(path.rglob("*")) if one.is_file())


def _within(page: str, way: str) -> str | None:
    """What an address on a page leads to, seen from the result's folder; None if it leads out of it or nowhere.

    >>> _within("units/a/1.html", "../../site.css"), _within("index.html", "../other/x.html"), _within("a.html", "#b")
    ('site.css', None, None)
    """
    parts = urlsplit(way)
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
        return None
    steps = Path(page).parent.parts
    for step in Path(unquote(parts.path)).parts:
        if step == ".." and not steps:
            return None
        steps = steps[:-1] if step == ".." else (*steps, step)
    return "/".join(steps)


def _copied(result: Result, name: str, files: set[str], roots: Mapping[Path, str], title: str) -> bytes:
    """A file of a result as it is in the site: pages with a way back, and no link that leads nowhere."""
    path = result.root / name
    if not name.endswith(".html"):
        return path.read_bytes()

    def kept(match: re.Match[str]) -> str:
        way = html.unescape(match["way"])
        if match["key"].lower() == "src" or not urlsplit(way).path or urlsplit(way).scheme:
            return match[0]
        inside = _within(name, way)
        if inside is not None and (inside in files or not (result.root / inside).exists()):
            return match[0]
        other = _in_another(path, way, roots)
        if other is None:
            return f'{match["head"]}title="not part of this site"'
        return f'{match["head"]}href="{html.escape("../" * (name.count("/") + 1) + other)}"'

    text = LEADS.sub(kept, path.read_text())
    home = "../" * (name.count("/") + 1) + "index.html"
    style = "margin:0;padding:.5rem 1rem;font:.85rem system-ui,sans-serif"
    bar = f'<p style="{style}"><a href="{home}">← {html.escape(title)}</a></p>'
    return BODY.sub(lambda match: match[0] + "\n" + bar, text, count=1).encode()


def _in_another(page: Path, way: str, roots: Mapping[Path, str]) -> str | None:
    """Where an address that leads out of a result's folder leads to in the site, if to another result of it."""
    parts = urlsplit(way)
    target = (page.parent / unquote(parts.path)).resolve()
    for root, name in roots.items():
        if target.is_relative_to(root) and target.exists():
            inside = quote((Path(name) / target.relative_to(root)).as_posix())
            return inside + (f"#{parts.fragment}" if parts.fragment else "")
    return None


def _removed(folder: Path, name: str) -> None:
    """Remove a file that an earlier site had, and the folders that it leaves empty."""
    path = folder / name
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            return
        parent.rmdir()
