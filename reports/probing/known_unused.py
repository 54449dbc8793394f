"""Known but unused: how well each concept is read against how much erasing it changes what the network does."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from core.probing import Knowledge
from reports.drawing import INK, MUTED, PAPER, RULE, SERIES, WIDTH, figure, quiet
from reports.figures import clipped
from reports.sections import Figure

VERDICTS = {
    "known and used": (SERIES[2], "^"),
    "known, not used": (SERIES[1], "s"),
    "used, not read": (SERIES[0], "o"),
    "neither": (MUTED, "D"),
}
"""Colour and shape of each verdict."""
SIDE = 218.0


def known_unused(rows: Sequence[Knowledge], *, title: str, caption: str = "") -> Figure:
    """Concepts as numbered dots: right is well read, up is used; their names beside, by verdict.

    Across: the probe's score. Up: how much of the answer's probability moves when what is read of the concept is
    exchanged for another input's. The bars are intervals, the grey tick what random directions of the same size do.

    >>> from core.uncertainty import Interval
    >>> read, little, none = Interval(0.8, 0.7, 0.9, 50), Interval(0.01, 0.0, 0.02, 50), Interval(0.02, 0.01, 0.03, 20)
    >>> row = Knowledge("apple near", "fc", read, little, none, "known, not used")
    >>> known_unused([row], title="What it knows and uses").alt
    'What it knows and uses. Known, not used: apple near at fc (read 0.80, effect 0.01, chance 0.02).'
    """
    if not rows:
        raise BadInput(f"figure {title!r} has no concepts to show; expected at least one")
    order = sorted(rows, key=lambda row: (list(VERDICTS).index(row.verdict), -row.read.estimate))
    verdicts = [verdict for verdict in VERDICTS if any(row.verdict == verdict for row in order)]
    height = max(SIDE + 40, 14.0 * (len(order) + 1.4 * len(verdicts)) + 20)

    def draw(canvas: Canvas) -> None:
        axes = canvas.add_axes(
            (38 / WIDTH, 1 - (SIDE + 4) / height, (SIDE - 42) / WIDTH, (SIDE - 8) / height)
        )
        for number, row in enumerate(order, 1):
            _dot(axes, row, number)
        axes.set(xlim=(-0.06, 1.06), ylim=(0, None))
        axes.set_xlabel("score of the probe")
        axes.set_ylabel("answer moved")
        quiet(axes)
        _names(canvas, order, verdicts, height)

    data = [
        {
            "concept": row.concept,
            "layer": row.layer,
            "verdict": row.verdict,
            "read": row.read.estimate,
            "read_low": row.read.low,
            "read_high": row.read.high,
            "effect": row.effect.estimate,
            "low": row.effect.low,
            "high": row.effect.high,
            "chance": row.chance.estimate,
            "chance_high": row.chance.high,
        }
        for row in order
    ]
    said = []
    for verdict in verdicts:
        told = "; ".join(_told(row) for row in order if row.verdict == verdict)
        said.append(f"{verdict[0].upper()}{verdict[1:]}: {told}.")
    return figure(
        draw, height=height, title=title, caption=caption, alt=f"{title}. {' '.join(said)}", rows=data
    )


def _dot(axes: Axes, row: Knowledge, number: int) -> None:
    colour, marker = VERDICTS[row.verdict]
    read, effect = max(row.read.estimate, 0.0), row.effect.estimate
    axes.plot([read, read], [row.effect.low, row.effect.high], color=colour, lw=1.2, zorder=2)
    axes.plot([max(row.read.low, 0), row.read.high], [effect, effect], color=colour, lw=1.2, zorder=2)
    axes.plot([read - 0.025, read + 0.025], [row.chance.high] * 2, color=RULE, lw=2, zorder=1)
    axes.plot([read], [effect], marker, color=colour, ms=12, mec=PAPER, mew=1, zorder=3)
    axes.text(
        read,
        effect,
        str(number),
        color="white",
        fontsize=7.5,
        ha="center",
        va="center",
        zorder=4,
    )


def _names(canvas: Canvas, order: Sequence[Knowledge], verdicts: Sequence[str], height: float) -> None:
    at, left = height - 8, (SIDE + 10) / WIDTH
    for verdict in verdicts:
        colour, _ = VERDICTS[verdict]
        canvas.text(left, at / height, verdict, color=colour, fontsize=9.5, fontweight="bold", va="top")
        at -= 15
        for number, row in enumerate(order, 1):
            if row.verdict == verdict:
                canvas.text(
                    left,
                    at / height,
                    f"{number:2}  {clipped(row.concept, 26)}",
                    color=INK,
                    fontsize=8.5,
                    va="top",
                )
                at -= 13
        at -= 5


def _told(row: Knowledge) -> str:
    return (
        f"{row.concept} at {row.layer} (read {row.read.estimate:.2f}, effect {row.effect.estimate:.2f}, "
        f"chance {row.chance.estimate:.2f})"
    )
