"""Synthetic stimuli, drawn antialiased at the size of a receptive field: STIMULI by name, draw(), axis_values().

Angles mean the same everywhere: + is counter-clockwise as seen, so that turning a picture by some degrees adds them
to its orientation; turning its colours about the grey axis adds to its hue.
"""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput, UnknownName
from vision.stimuli.circles import CIRCLES
from vision.stimuli.colour_contrast import COLOUR_CONTRAST, HUE_CONTRAST
from vision.stimuli.corners import CORNERS
from vision.stimuli.curves import CURVES
from vision.stimuli.edges import EDGES
from vision.stimuli.gabors import GABORS
from vision.stimuli.high_low import HIGH_LOW
from vision.stimuli.hue_centres import HUE_CENTRES
from vision.stimuli.lines import LINES
from vision.stimuli.plane import Plane, faded, plane
from vision.stimuli.ramps import RAMPS
from vision.stimuli.stimulus import Stimulus

__all__ = ["STIMULI", "Stimulus", "axis_values", "draw", "plane", "stimulus_named"]

STIMULI: Mapping[str, Stimulus] = {
    stimulus.name: stimulus
    for stimulus in (
        CURVES,
        LINES,
        EDGES,
        GABORS,
        CORNERS,
        CIRCLES,
        HIGH_LOW,
        RAMPS,
        COLOUR_CONTRAST,
        HUE_CONTRAST,
        HUE_CENTRES,
    )
}
"""Every kind of stimulus by name."""

RADII = (0.1, 1.0)
"""Smallest and largest circle, in units of the field's radius."""


def stimulus_named(name: str) -> Stimulus:
    """The stimulus of that name.

    Raises
    ------
    UnknownName
        with the nearest.

    >>> stimulus_named("gabors").period
    180.0
    """
    if name not in STIMULI:
        raise UnknownName("stimulus", name, STIMULI)
    return STIMULI[name]


def axis_values(stimulus: Stimulus, steps: int) -> tuple[float, ...]:
    """Where a stimulus is drawn along its axis: steps of 360 / ``steps`` degrees, or as many radii as half the steps.

    Raises
    ------
    BadInput
        unless there are at least 4 steps, an even number.

    >>> axis_values(STIMULI["lines"], 8)
    (0.0, 45.0, 90.0, 135.0)
    """
    if steps < 4 or steps % 2:
        raise BadInput(f"{steps} steps of a tuning curve; expected an even number of at least 4, such as 24")
    if stimulus.period is None:
        count = max(4, steps // 2)
        return tuple(RADII[0] + (RADII[1] - RADII[0]) * k / (count - 1) for k in range(count))
    return tuple(360.0 / steps * k for k in range(round(stimulus.period / 360 * steps)))


def draw(
    stimulus: Stimulus | str,
    at: Sequence[float],
    options: Sequence[Mapping[str, float]] | Mapping[str, float] | None = None,
    *,
    on: Plane,
    channels: int = 3,
) -> Float[Tensor, "n c h w"]:
    """Pictures in [0, 1] on ``on``, one for each place ``at`` along the axis (degrees; radii in units of the reach).

    ``options`` are the other properties, one set for all or one for each picture; what is not given has the first of
    its values.

    Raises
    ------
    UnknownName
        if the stimulus, or one of its options, does not exist.
    BadInput
        if a coloured stimulus is asked for in one channel.

    >>> picture = draw("edges", [90.0], on=plane((8, 8), reach=100.0))
    >>> picture[0, 0, :, 0].round(decimals=4).tolist()
    [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    """
    kind = stimulus_named(stimulus) if isinstance(stimulus, str) else stimulus
    if channels not in (1, 3) or (kind.colour and channels == 1):
        raise BadInput(f"the stimulus {kind.name!r} cannot be drawn in {channels} channel(s); expected 3")
    sets = [options or {}] * len(at) if not isinstance(options, Sequence) else list(options)
    for name in {name for one in sets for name in one} - set(kind.options):
        raise UnknownName(f"option of the stimulus {kind.name}", name, kind.options)
    columns = {name: [one.get(name, values[0]) for one in sets] for name, values in kind.options.items()}
    values = {
        name: torch.tensor(column, dtype=torch.float32, device=on.x.device).view(-1, 1, 1)
        for name, column in {**columns, kind.axis: list(at)}.items()
    }
    contrast = kind.draw(on, values)
    return (0.5 + 0.5 * contrast * faded(on)).expand(len(at), channels, *on.x.shape[1:])
