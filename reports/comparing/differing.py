"""Images that two classifiers part over: each beside what the one's answer hung on, and what the other's did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure as Canvas

from core.errors import BadInput
from reports.drawing import INK, MUTED, SERIES, WIDTH, figure
from reports.figures import clipped
from reports.maps import Overlay, overlaid, plain, pointed, signed_legend
from reports.sections import Figure

SIDE, GAP, HEAD, LEGEND = 118.0, 13.0, 30.0, 22.0
"""Points: a picture's side, between pictures, over each row for its words, and of the legend."""


@dataclass(frozen=True, eq=False)
class Beside:
    """One image: its ``name``, what it is (``truth``) if known, and both classifiers' answers with their maps."""

    name: str
    truth: str | None
    distance: float
    overlays: tuple[Overlay, Overlay]


def side_by_side(images: Sequence[Beside], *, title: str, caption: str) -> Figure:
    """One row an image: as it is, and under each classifier's attribution for its own answer.

    Raises
    ------
    BadInput
        if there are no images.

    >>> import numpy as np
    >>> overlay = Overlay("A", np.ones((4, 4, 3)), np.eye(4), note="star 90 %")
    >>> side_by_side([Beside("7", "star", 0.9, (overlay, overlay))], title="Apart", caption="").rows[0]["truth"]
    'star'
    """
    if not images:
        raise BadInput(f"figure {title!r} has no images to show; expected at least one")
    block = SIDE + HEAD
    height = LEGEND + block * len(images)

    def draw(canvas: Canvas) -> None:
        for row, one in enumerate(images):
            top = height - row * block
            words = [
                (f"is {one.truth}" if one.truth else f"image {one.name}", f"apart by {one.distance:.2f}", INK)
            ]
            words += [
                (overlay.note, overlay.subject, SERIES[place]) for place, overlay in enumerate(one.overlays)
            ]
            pixels = [plain(one.overlays[0].image), *(overlaid(overlay) for overlay in one.overlays)]
            for column, (shown, (first, second, colour)) in enumerate(zip(pixels, words, strict=True)):
                left = column * (SIDE + GAP)
                axes = canvas.add_axes((left / WIDTH, (top - block) / height, SIDE / WIDTH, SIDE / height))
                axes.imshow(shown, interpolation="none", aspect="auto")
                axes.set_axis_off()
                said: dict[str, Any] = {"fontsize": 9, "va": "top"}
                canvas.text(left / WIDTH, (top - 3) / height, clipped(first, 22), color=colour, **said)
                canvas.text(left / WIDTH, (top - 15) / height, clipped(second, 22), color=MUTED, **said)
        signed_legend(canvas, height)

    rows = [
        {"image": one.name, "truth": one.truth, "distance": one.distance}
        | {f"answer of {overlay.subject}": overlay.note for overlay in one.overlays}
        for one in images
    ]
    alt = f"{title}. " + " ".join(_told(one) for one in images)
    return figure(draw, height=height, title=title, caption=caption, alt=alt, rows=rows)


def _told(one: Beside) -> str:
    what = f"Image {one.name}" + (f", {one.truth}" if one.truth else "")
    return f"{what}: " + " ".join(pointed(overlay) for overlay in one.overlays)
