"""Small drawings of the families' pages, as SVG that the page inks: tuning curves, likeness over the group, counts."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

SHADES = 12
"""Steps of ink in which likeness is drawn."""

KINDS = {
    "in families": "in families",
    "invariant": "invariant",
    "duplicates": "near-duplicates",
    "alone": "alone",
    "dead": "dead",
}
"""What a unit can be, in the order of the bars, and how it is called."""


def tuning(curve: Mapping[str, Any], *, said: str) -> Markup:
    """One unit's tuning curve: around a circle where its axis is an angle, along a line where it is not.

    ``curve`` is {axis, values, period, preferred}: degrees if there is a period; angles go counter-clockwise from the
    right. A spoke marks the angle preferred.

    >>> curve = {"axis": [0, 90, 180, 270], "values": [0, 1, 0, 0], "period": 360, "preferred": 90}
    >>> drawn = tuning(curve, said="unit 7")
    >>> 'aria-label="unit 7"' in drawn, drawn.count("<path")
    (True, 2)
    """
    values = [max(0.0, float(value)) if value == value else 0.0 for value in curve["values"]]
    highest = max([*values, 1e-12])
    shares = [value / highest for value in values]
    body = _around(curve, shares) if curve["period"] else _along(shares)
    return Markup('<svg class="tuning" viewBox="0 0 100 100" role="img" aria-label="{}">{}</svg>').format(
        said, body
    )


def _around(curve: Mapping[str, Any], shares: Sequence[float]) -> Markup:
    period = curve["period"]
    turns = round(360 / period) if period <= 360 else 1
    around = [
        _polar(angle * min(1.0, 360 / period) + turn * period, 42 * share)
        for turn in range(turns)
        for angle, share in zip(curve["axis"], shares, strict=True)
    ]
    outline = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in around) + "z"
    spokes = ""
    if curve.get("preferred") is not None:
        ends = [_polar(curve["preferred"] + turn * period, 46) for turn in range(turns)]
        spokes = "".join(f"M50 50L{x:.1f} {y:.1f}" for x, y in ends)
    return Markup(
        '<circle cx="50" cy="50" r="42" class="rim"/><path class="spoke" d="{}"/><path class="curve" d="{}"/>'
    ).format(spokes, outline)


def _along(shares: Sequence[float]) -> Markup:
    last = max(1, len(shares) - 1)
    points = "L".join(
        f"{6 + 88 * place / last:.1f} {88 - 76 * share:.1f}" for place, share in enumerate(shares)
    )
    return Markup('<path class="rim" d="M6 88H94"/><path class="line" d="M{}"/>').format(points)


def _polar(degrees: float, radius: float) -> tuple[float, float]:
    angle = math.radians(degrees)
    return 50 + radius * math.cos(angle), 50 - radius * math.sin(angle)


def heat(rows: Sequence[Sequence[float]], marks: Sequence[int], *, said: str) -> Markup:
    """Likeness as a field of squares, a row a member and a column an element; ``marks`` are the columns assigned.

    >>> "M1 0h1v1h-1z" in heat([[0.0, 1.0]], [1], said="likeness")
    True
    """
    if not rows:
        return Markup("")
    shades: dict[int, str] = {}
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            shade = 0 if value != value else round(SHADES * min(max(value, 0.0), 1.0))
            if shade:
                shades[shade] = shades.get(shade, "") + f"M{x} {y}h1v1h-1z"
    fields = Markup("").join(
        Markup('<path fill-opacity="{:.2f}" d="{}"/>').format(shade / SHADES, path)
        for shade, path in shades.items()
    )
    dots = "".join(f"M{x + 0.3} {y + 0.5}h0.4" for y, x in enumerate(marks))
    return Markup(
        '<svg class="heat" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}" '
        'style="height:{:.1f}rem;max-width:{:.0f}rem"><g class="ink">{}</g><path class="marks" d="{}"/></svg>'
    ).format(len(rows[0]), len(rows), said, *_size(rows), fields, dots)


def _size(rows: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Height and greatest width in rem: a few large fields are as easily read as many small ones."""
    return min(max(1.3 * len(rows), 2.6), 16.0), max(8.0, 2.6 * len(rows[0]))


def counts_bar(counts: Mapping[str, int], *, called: str) -> Markup:
    """A layer's units as one bar, parted by what they are; its words are the same numbers.

    >>> "units of relu1: 3 in families, 1 alone" in counts_bar({"in families": 3, "alone": 1}, called="relu1")
    True
    """
    total = max(1, sum(counts.get(kind, 0) for kind in KINDS))
    left, bars = 0.0, []
    for kind in KINDS:
        share = 100 * counts.get(kind, 0) / total
        if share:
            name = kind.split()[-1]
            bars.append(
                f'<rect class="k-{name}" x="{left:.2f}" width="{max(share - 0.3, 0.2):.2f}" height="10"/>'
            )
            left += share
    told = ", ".join(f"{counts[kind]} {KINDS[kind]}" for kind in KINDS if counts.get(kind))
    return Markup(
        '<svg class="counts" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        'aria-label="{} units of {}: {}">{}</svg>'
    ).format(total, called, told, Markup("".join(bars)))


def rounded(value: float | None) -> str:
    """A likeness in two digits.

    >>> rounded(0.934), rounded(-0.2), rounded(None)
    ('0.93', '−0.20', '–')
    """
    return "–" if value is None or value != value else f"{value:.2f}".replace("-", "−")
