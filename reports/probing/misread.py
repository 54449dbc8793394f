"""The states in which a concept is read worst, as pictures: what it is there, and what the probe says."""

from matplotlib.figure import Figure as Canvas

from reports.drawing import INK, MUTED, WIDTH, figure
from reports.maps import plain
from reports.sections import Figure
from rl.learning.result import Misread

ACROSS, GAP = 3, 12.0


def misread_title(concept: str) -> str:
    """The title of a concept's figure; its anchor is what tables lead to."""
    return f"Read worst: {concept}"


def misread_states(found: Misread) -> Figure:
    """Every state as the world draws it, with the truth and the reading below; its notation is among the numbers."""
    count, (tall, wide) = len(found.frames), found.frames.shape[1:3]
    side = (WIDTH - GAP * (ACROSS - 1)) / ACROSS
    high = side * tall / wide
    lines = -(-count // ACROSS)
    height = lines * (high + 34)

    def draw(canvas: Canvas) -> None:
        for index in range(count):
            line, column = divmod(index, ACROSS)
            left, top = column * (side + GAP), height - line * (high + 34)
            axes = canvas.add_axes((left / WIDTH, (top - high) / height, side / WIDTH, high / height))
            axes.imshow(plain(found.frames[index]), interpolation="none", aspect="auto")
            axes.set_axis_off()
            for down, said, ink in (
                (11, f"is {found.truth[index]}", INK),
                (23, f"read as {found.reading[index]}", MUTED),
            ):
                canvas.text(left / WIDTH, (top - high - down) / height, said, color=ink, fontsize=9)

    rows = [
        {
            "state": number,
            "truth": truth,
            "reading": reading,
            "row": int(row),
            "column": int(column),
            "text": text,
        }
        for number, (truth, reading, (row, column), text) in enumerate(
            zip(found.truth, found.reading, found.cells, found.notation, strict=True), 1
        )
    ]
    said = "; ".join(
        f"{truth} read as {reading}" for truth, reading in zip(found.truth, found.reading, strict=True)
    )
    title = misread_title(found.concept)
    return figure(
        draw,
        height=height,
        title=title,
        caption=f"At {found.layer}, after {found.steps:,} steps: the largest residuals among states that the probe "
        "was not fitted to. The numbers hold each state as text.",
        alt=f"{title}, at {found.layer}: {said}.",
        rows=rows,
    )
