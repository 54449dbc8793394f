"""A Report to one HTML file that opens offline: pictures and style inside, no script, nothing fetched."""

import base64
import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from core.artifacts import write_text
from core.errors import BadInput
from core.uncertainty import Interval
from reports.card import write_card
from reports.sections import Figure, Link, Report, Table

TEMPLATES = Path(__file__).parent / "templates"


def write(report: Report, path: str | Path) -> Path:
    """Write the page at once or not at all, and its card beside it (``reports.card``); returns the page's path.

    Raises
    ------
    DiskFull
        if the disk has no room.
    """
    write_text(path, page(report))
    write_card(report, path)
    return Path(path)


def page(report: Report) -> str:
    """The report as the text of one HTML file; every name in it is escaped.

    >>> from reports.sections import Report
    >>> made = Report(title="<b>", question="Do they differ?", approach="We looked.", finding="No.")
    >>> "<title>&lt;b&gt;</title>" in page(made)
    True
    """
    return environment().get_template("report.html").render(report=report)


def environment() -> Environment:
    """Jinja with autoescape on, our templates, and the filters that turn results into words."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "anchor": anchor,
        "cell": cell,
        "csv_uri": csv_uri,
        "number": number,
        "picture": picture,
        "prose": prose,
        "records": records,
        "unbroken": unbroken,
    }
    return made


def prose(text: str) -> Markup:
    """Plain text as paragraphs, `backticks` as code.

    >>> print(prose("Run `make <x>`."))
    <p>Run <code>make &lt;x&gt;</code>.</p>
    """
    parts = [escape(part.strip()) for part in re.split(r"\n\s*\n", text) if part.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(Markup(_coded(unbroken(str(part))))) for part in parts)


def unbroken(text: str) -> str:
    """The same words with no line break inside a number and its interval.

    >>> unbroken("on 5 % [4, 6] of them") == "on 5\xa0%\xa0[4,\xa06] of them"
    True
    """
    return re.sub(r"\d %( \[\d+, \d+\])?", lambda match: match[0].replace(" ", "\xa0"), text)


def cell(value: Any) -> str:
    """One value of a table as text.

    >>> cell(Interval(0.5, 0.4, 0.6, 9)), cell(0.123456), cell(None), cell(12)
    ('0.500 [0.400, 0.600]', '0.123', '–', '12')
    """
    if value is None:
        return "–"
    if isinstance(value, Link):
        return Markup('<a href="{}">{}</a>').format(value.href, value.text)
    return number(value) if isinstance(value, float) else str(value)


def number(value: float) -> str:
    """Three significant digits, never an exponent below a million, with a true minus sign.

    >>> number(12.3456), number(-0.00123), number(1234.5), number(0.0), number(float("nan"))
    ('12.3', '−0.00123', '1234', '0.00', 'not a number')
    """
    if value != value:
        return "not a number"
    text = f"{value:.0f}" if 1000 <= abs(value) < 1e6 else f"{value:#.3g}".rstrip(".")
    return text.replace("-", "−")


def picture(figure: Figure) -> Markup:
    """A figure's picture as an element: inline SVG, or a data address."""
    if isinstance(figure.content, str):
        return Markup(figure.content)
    source = data_uri(figure.content)
    return Markup('<img src="{}" alt="{}">').format(source, figure.alt)


def data_uri(content: bytes) -> str:
    """The bytes of a PNG, WebP or JPEG picture as an address that needs no file.

    Raises
    ------
    BadInput
        if the bytes are of another kind.

    >>> data_uri(b"\\x89PNG....")
    'data:image/png;base64,iVBORy4uLi4='
    """
    heads = {b"\x89PNG": "png", b"RIFF": "webp", b"\xff\xd8": "jpeg"}
    for head, kind in heads.items():
        if content.startswith(head):
            return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    raise BadInput(f"a picture begins with {content[:4]!r}; expected PNG, WebP or JPEG")


def anchor(text: str) -> str:
    """A title as the name of a file or an address within a page.

    >>> anchor("What does A want? <now>")
    'what-does-a-want-now'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "part"


def records(table: Table) -> list[dict[str, Any]]:
    """A table's rows by column name; an interval takes four columns, in every row.

    >>> records(Table(("agent", "success"), [("a", Interval(0.5, 0.4, 0.6, 9))], caption=""))
    [{'agent': 'a', 'success': 0.5, 'success low': 0.4, 'success high': 0.6, 'success n': 9}]
    """
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    wide = {name for row in rows for name, value in row.items() if isinstance(value, Interval)}
    return [_spread(row, wide) for row in rows]


def csv_uri(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of numbers as the address of a CSV file that lies in the page itself."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows(rows)
    return "data:text/csv;base64," + base64.b64encode(text.getvalue().encode()).decode()


def _spread(row: Mapping[str, Any], wide: set[str]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Interval):
            flat |= {name: value.estimate, f"{name} low": value.low, f"{name} high": value.high}
            flat[f"{name} n"] = value.n
        else:
            flat[name] = str(value) if isinstance(value, Link) else value
            flat |= {f"{name} {end}": None for end in ("low", "high", "n") if name in wide}
    return flat


def _coded(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
