"""settled(): the nearest possible inputs, changed cell by cell while that raises the objective, then swept bare.

A relaxed image is a mixture of things; no network ever sees one. What is shown of it is a possible input: first the
nearest, then whatever single changes of it raise the objective, and last every cell that hardly counts made bare, so
that what is left is what counts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.subject import Subject
from feature_viz.ascent import look
from feature_viz.cells.possible import Possible, filled
from feature_viz.objectives import Objective

ROUNDS = 8
"""Times that all single changes are tried, at most."""

SWEPT = 0.02
"""Share of what the objective gained over a bare input that may be lost by sweeping cells bare."""

TOGETHER = 2048
"""Inputs run at once."""

Value = Callable[[Float[Tensor, "n c h w"]], Float[Tensor, "n"]]
Layout = Int[Tensor, "h w"]
"""The content of every cell, by number; beside it the count of each gauge."""


@dataclass(frozen=True, eq=False)
class Change:
    """Cells (in reading order) that get other contents together, and what that gains alone."""

    gain: float
    cells: tuple[tuple[int, int], ...] = field(repr=False)


def settled(
    subject: Subject, wanted: Sequence[Objective], images: Float[Tensor, "n c h w"], *, allowed: Possible
) -> Float[Tensor, "n c h w"]:
    """A possible input for each relaxed image and objective (of one image each), as the module's docstring says."""
    return torch.stack(
        [
            _settled(image, allowed, _value_of(subject, one))
            for one, image in zip(wanted, images.cpu(), strict=True)
        ]
    )


def _settled(image: Tensor, allowed: Possible, value: Value) -> Float[Tensor, "c h w"]:
    layout, counts = nearest(image, allowed)
    for _ in range(ROUNDS):
        before = layout, counts
        layout = _climbed(layout, counts, allowed, value)
        counts = _counted(layout, counts, allowed, value)
        if torch.equal(before[0], layout) and before[1] == counts:
            break
    return _bared(layout, counts, allowed, value)


def nearest(image: Float[Tensor, "c h w"], allowed: Possible) -> tuple[Layout, tuple[int, ...]]:
    """The contents nearest to a mixture, cell by cell, and counts; brought to how many there may be of each plane."""
    things = allowed.contents.shape[1]
    away = (image[None, :things] - allowed.contents[:, :, None, None]).square().sum(1)
    layout = away.masked_fill(~allowed.allowed, torch.inf).argmin(0)
    for plane in range(things):
        _thinned(layout, image[plane], allowed, plane)
    counts = [round(float(image[things + place].sum())) for place in range(allowed.gauges)]
    return layout, tuple(min(count, most) for count, most in zip(counts, allowed.fullest, strict=True))


def _thinned(layout: Layout, share: Float[Tensor, "h w"], allowed: Possible, plane: int) -> None:
    """Take a plane's faintest cells away until it has as many as there may be."""
    has = allowed.contents[:, plane] > 0
    held = has[layout.flatten()].nonzero().flatten()
    faintest = held[share.flatten()[held].argsort()][: max(0, len(held) - int(allowed.most[plane]))]
    for cell in faintest.tolist():
        fit = (allowed.allowed.flatten(1)[:, cell] & ~has).nonzero().flatten().tolist()
        layout.view(-1)[cell] = fit[0] if fit else 0


def _climbed(layout: Layout, counts: tuple[int, ...], allowed: Possible, value: Value) -> Layout:
    """Single changes that each gain something, best first, as many of them together as gain most."""
    now = float(value(_drawn(layout[None], counts, allowed)))
    kinds, cells = len(allowed.contents), layout.numel()
    tried = layout.flatten().repeat(kinds * cells, 1)
    rows = torch.arange(kinds * cells)
    tried[rows, rows % cells] = rows // cells
    gains = value(_drawn(tried.view(-1, *layout.shape), counts, allowed)).view(kinds, cells) - now
    gains = gains.masked_fill(~allowed.allowed.flatten(1), -torch.inf)
    changes = list(_together(layout.flatten(), gains, allowed))
    if not changes:
        return layout
    steps = layout.flatten().repeat(len(changes), 1)
    for place, change in enumerate(changes):
        for cell, content in change.cells:
            steps[place:, cell] = content
    steps = steps.view(-1, *layout.shape)
    values = value(_drawn(steps, counts, allowed))
    return steps[int(values.argmax())] if float(values.max()) > now else layout


def _together(
    flat: Int[Tensor, "cells"], gains: Float[Tensor, "k cells"], allowed: Possible
) -> Iterator[Change]:
    """The changes that gain something, best first, none at a cell of another, within how many there may be.

    Where there are as many of a thing as there may be, another comes by taking one away: the one whose absence is best.
    """
    contents, touched = allowed.contents.long(), set[int]()
    held, floor = contents[flat].sum(0), 1e-6 * (1 + float(gains[gains.isfinite()].abs().max()))
    for at in gains.flatten().argsort(descending=True).tolist():
        content, cell = divmod(at, len(flat))
        if not float(gains[content, cell]) > floor:
            return
        after = held + contents[content] - contents[flat[cell]]
        moved = _made_room(flat, gains, allowed, after, touched | {cell})
        if cell in touched or moved is None:
            continue
        cells = ((cell, content), *moved)
        touched |= {place for place, _ in cells}
        held = held + sum(contents[new] - contents[flat[place]] for place, new in cells)
        yield Change(float(gains[content, cell]), cells)


def _made_room(
    flat: Int[Tensor, "cells"],
    gains: Float[Tensor, "k cells"],
    allowed: Possible,
    after: Int[Tensor, "c"],
    touched: set[int],
) -> list[tuple[int, int]] | None:
    """Cells made bare so that no plane has too many; None where that cannot be."""
    moved: list[tuple[int, int]] = []
    for plane in (after > allowed.most).nonzero().flatten().tolist():
        holds = (allowed.contents[flat, plane] > 0) & (gains[0] > -torch.inf)
        free = [cell for cell in holds.nonzero().flatten().tolist() if cell not in touched]
        if not free:
            return None
        moved.append((max(free, key=lambda cell: float(gains[0, cell])), 0))
        touched = touched | {moved[-1][0]}
        after = after - allowed.contents[flat[moved[-1][0]]].long() + allowed.contents[0].long()
    return moved if bool((after <= allowed.most).all()) else None


def _counted(layout: Layout, counts: tuple[int, ...], allowed: Possible, value: Value) -> tuple[int, ...]:
    """Each gauge's best count, one gauge after the other; the one that it has where others are no better."""
    for place, most in enumerate(allowed.fullest):
        tried = [(*counts[:place], count, *counts[place + 1 :]) for count in range(most + 1)]
        values = value(torch.cat([_drawn(layout[None], each, allowed) for each in tried]))
        if float(values.max()) > float(values[counts[place]]):
            counts = tried[int(values.argmax())]
    return counts


def _bared(
    layout: Layout, counts: tuple[int, ...], allowed: Possible, value: Value
) -> Float[Tensor, "c h w"]:
    """The cells that hardly count made bare, those that count least first, as many as the objective lets go.

    Gauges go down to the least count that the objective lets go, too.
    """
    bare = torch.where(allowed.allowed[0], 0, layout).flatten()
    differing = (layout.flatten() != bare).nonzero().flatten()
    singly = layout.flatten().repeat(len(differing), 1)
    singly[torch.arange(len(differing)), differing] = bare[differing]
    kept = (
        value(_drawn(singly.view(-1, *layout.shape), counts, allowed)) if len(differing) else torch.zeros(0)
    )
    steps = layout.flatten().repeat(len(differing) + 1, 1)
    for place, cell in enumerate(differing[kept.argsort(descending=True)].tolist(), 1):
        steps[place:, cell] = bare[cell]
    steps = steps.view(-1, *layout.shape)
    values = value(_drawn(steps, counts, allowed))
    enough = float(values[0] - SWEPT * (values[0] - values[-1]).clamp_min(0))
    chosen = steps[int((values >= enough).nonzero().max())]
    for place, count in enumerate(counts):
        tried = [(*counts[:place], fewer, *counts[place + 1 :]) for fewer in range(count + 1)]
        answers = value(torch.cat([_drawn(chosen[None], each, allowed) for each in tried]))
        counts = tried[int((answers >= min(enough, float(answers[-1]))).nonzero().min())]
    return _drawn(chosen[None], counts, allowed)[0]


def _drawn(
    layouts: Int[Tensor, "n h w"], counts: tuple[int, ...], allowed: Possible
) -> Float[Tensor, "n c h w"]:
    """Layouts as inputs."""
    planes = allowed.contents[layouts].permute(0, 3, 1, 2)
    height, width = layouts.shape[1:]
    gauges = [filled(count, height, width)[-1:] for count in counts]
    return torch.cat([planes, *(gauge.expand(len(layouts), 1, -1, -1) for gauge in gauges)], 1)


def _value_of(subject: Subject, wanted: Objective) -> Value:
    def value(images: Tensor) -> Tensor:
        parts = []
        with torch.no_grad():
            for part in images.split(TOGETHER):
                given = part.to(subject.device)
                seen = look(subject, [wanted], given)
                parts.append(wanted.value(seen.rows(slice(None), given)).float().cpu())
        return torch.cat(parts)

    return value
