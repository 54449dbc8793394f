"""From a drawing function to a Figure: small SVG whose inks follow the page (light or dark), and a PNG."""

import base64
import io
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from PIL import Image

from core.provenance import fingerprint
from reports.sections import Figure

INK, MUTED, RULE, PAPER = "#1b1f24", "#5f6772", "#d8dce1", "#fffffe"
"""Inks of a figure. On white they are as written; in a page each becomes the page's own, light or dark."""

PAGE_INKS = {
    INK: "currentColor",
    MUTED: "var(--muted,#7b838d)",
    RULE: "var(--rule,#9aa1aa)",
    PAPER: "var(--paper,#fff)",
}

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Colours of subjects, from the palette of Okabe and Ito [okabe2008]: those that read on white and on black."""

MARKERS = ("o", "s", "^", "D")
"""A shape for every colour, so that no reading rests on colour alone."""

WIDTH, PIXELS = 380.0, 1.55
"""Points across a figure, and pixels to the point where there is room: 589 px wide with text of 16 px on a
desktop; scaled to a phone's 330 px the text keeps 9 px."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "none",
}


def figure(
    draw: Callable[[Canvas], None],
    *,
    height: float,
    title: str,
    caption: str,
    alt: str,
    rows: Sequence[Mapping[str, Any]] = (),
) -> Figure:
    """Let ``draw`` fill a canvas of ``WIDTH`` x ``height`` points, and keep what it drew as a Figure.

    >>> made = figure(lambda canvas: None, height=40, title="Nothing", caption="", alt="An empty square")
    >>> made.content[:4], made.png[1:4]
    ('<svg', b'PNG')
    """
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": fingerprint(title, alt)}):
        canvas = Canvas(figsize=(WIDTH / 72, height / 72), dpi=72)
        draw(canvas)
        svg, png = io.StringIO(), io.BytesIO()
        canvas.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
        canvas.savefig(png, format="png", dpi=160, facecolor="white")
    return Figure(title, caption, alt, inline(svg.getvalue(), alt=alt), tuple(rows), png.getvalue())


def quiet(axes: Axes, *, grid: Literal["x", "y"] = "y") -> None:
    """Leave of an axes only what carries numbers: no frame, no ticks, pale lines along ``grid``."""
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.grid(axis=grid, visible=True)
    axes.set_axisbelow(True)


def thousands(value: float) -> str:
    """A number of steps, or of a dial, in few letters.

    >>> thousands(1_500_000), thousands(20_000), thousands(0.5)
    ('1.5 M', '20 k', '0.5')
    """
    for size, name in ((1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{name}"
    return f"{value:.3g}"


def inline(svg: str, *, alt: str) -> str:
    """Matplotlib's SVG as an element for a page: named, scaled by the page, inked by it, its ids its own."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert box is not None, "matplotlib always writes a viewBox"
    body = svg[svg.index(">", svg.index("<svg")) + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"data:image/png;base64,([\w+/=\s]+)", _smaller, body).replace("xlink:href", "href")
    for ink, name in PAGE_INKS.items():
        body = body.replace(ink, name)
    body = re.sub(r"\n\s*", "\n", _own_ids(body, fingerprint(svg, alt)))
    width, height = (float(side) * PIXELS for side in box.groups())
    return (
        f'<svg viewBox="{box[0][9:-1]}" width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(alt)}" stroke-linejoin="round">{body}'
    )


def _own_ids(body: str, prefix: str) -> str:
    used = set(re.findall(r'(?:url\(|href=")#([\w.-]+)', body))

    def kept(match: re.Match[str]) -> str:
        return f' id="{prefix}-{match[1]}"' if match[1] in used else ""

    body = re.sub(r' id="([\w.-]+)"', kept, body)
    return re.sub(r'(url\(|href=")#(?=[\w.-])', rf"\g<1>#{prefix}-", body)


def _smaller(match: re.Match[str]) -> str:
    """An embedded PNG as WebP: lossless where it is a small grid, lossy where it is a photograph."""
    image = Image.open(io.BytesIO(base64.b64decode(match[1])))
    packed = io.BytesIO()
    image.save(packed, "webp", lossless=max(image.size) <= 64, quality=82, exact=True)
    return "data:image/webp;base64," + base64.b64encode(packed.getvalue()).decode()
