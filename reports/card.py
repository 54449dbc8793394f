"""A card: what a finished page is and found, as data beside it, so that front pages need not read the page itself."""

import base64
from pathlib import Path

from core.artifacts import read_json, write_json
from core.errors import Unreadable
from reports.sections import Figure, Report, Section, figures_of

SCHEMA = "gridlens.card/1"


def card_path(page: str | Path) -> Path:
    """Where the card of a page lies.

    >>> card_path("runs/compare/index.html").as_posix()
    'runs/compare/index.card.json'
    """
    return Path(page).with_suffix(".card.json")


def write_card(report: Report, page: str | Path) -> None:
    """Write a report's kind, title, finding, commands and first figure beside its page."""
    pictures = [
        {"title": one.title, "alt": one.alt}
        | (
            {"svg": one.content}
            if isinstance(one.content, str)
            else {"base64": base64.b64encode(one.content).decode()}
        )
        for one in figures_of(report)[:1]
    ]
    write_json(
        card_path(page),
        {
            "schema": SCHEMA,
            "kind": report.kind,
            "title": report.title,
            "finding": report.finding,
            "commands": list(report.reproduce),
            "pictures": pictures,
        },
    )


def read_card(page: str | Path) -> Report:
    """A page as its card tells it: kind, title, finding, commands and first figure, and nothing else.

    Raises
    ------
    Unreadable
        if there is none, or it is of another schema.
    """
    path = card_path(page)
    card = read_json(path)
    if card.get("schema") != SCHEMA:
        raise Unreadable(f"{str(path)!r} has schema {card.get('schema')!r}; expected {SCHEMA!r}")
    pictures = [
        Figure(one["title"], "", one["alt"], one["svg"] if "svg" in one else base64.b64decode(one["base64"]))
        for one in card["pictures"]
    ]
    return Report(
        title=card["title"],
        question="",
        approach="",
        finding=card["finding"],
        evidence=[Section("", figures=pictures)],
        reproduce=card["commands"],
        kind=card["kind"],
    )
