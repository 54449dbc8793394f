"""photographs(): real pictures turned, scaled, mirrored and coloured anew, every element treated alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from core import provenance
from core.errors import BadInput
from core.store.images import Images, held
from core.symmetry.views import View
from vision.views.action import Action, refuse_channels, refuse_size
from vision.views.seen import Seen, colours
from vision.views.warping import LANES, warp

DISC = (0.86, 0.98)
"""Where a resampled picture begins to fade into grey and where it has, in halves of its shorter side."""

PASSED = (0.25, 0.5)
"""Cycles per pixel up to which a resampled picture is left as it is, and from which on nothing is left of it."""

MEASURED = 64
"""Pictures whose mean spectrum whitening takes away."""

_SHIFT = 0.25
"""Pixels by which a picture is moved before it is read off, so that the identity, too, reads between pixels: at a
quarter, what a spline loses of a wave is the mean of what it loses at all places."""


def photographs(images: Images | Float[Tensor, "n c h w"], action: Action, *, whiten: float = 0.0) -> Seen:
    """Pictures seen under every element of a group.

    Where elements are no mere exchange of pixels, all of them, the identity included, go through the same: waves
    above a quarter cycle per pixel of the view are faded out, what is left is read off by cubic splines, and a
    disc around the centre fades into mid grey. Where the action scales, the pictures are made smaller at first,
    so that no view is larger than they are. Mirrors, quarter turns and colours need none of that and are exact.
    Colours are turned about mid grey and not clamped.

    Parameters
    ----------
    whiten
        which share of the pictures' mean amplitude spectrum (all directions and channels alike, in decibels) is
        taken away, in [0, 1]; contrast stays. Low frequencies make units look alike; 1 leaves all equally strong.

    Raises
    ------
    BadInput
        if the action cannot act on such pictures, or nothing would be left of them.

    >>> from vision.views.actions import hue
    >>> views = photographs(torch.rand(3, 3, 8, 8), hue(3))
    >>> view = next(views.batches(2))
    >>> torch.allclose(view(1), view(0)[:, [2, 0, 1]], atol=1e-6), len(views)
    (True, 3)
    """
    source = held(images)
    size = source.size
    refuse_size(action, size)
    if not 0 <= whiten <= 1:
        raise BadInput(f"whiten is a share between 0 and 1; got {whiten}")
    if whiten == 0 and not action.shifts and _exchanges_pixels(action, size):
        return _seen(source, action, 1.0, lambda batch: _exchanged(batch, action), 0.0)
    reach = action.factors.min() / action.factors.max()
    if min(size) / 2 * DISC[0] * reach < 2:
        raise BadInput(
            f"{action.group.name} leaves a disc of {min(size) * DISC[0] * reach:.1f} pixels of pictures of "
            f"{size[0]} x {size[1]}; take larger pictures or smaller steps"
        )
    optics = _Optics(action, size, _whitening(source, whiten) if whiten else None)
    valid = DISC[0] * reach * min(size) / max(size)
    return _seen(source, action, float(valid), optics.view, whiten)


def _seen(
    source: Images, action: Action, valid: float, show: Callable[[Tensor], View], whiten: float
) -> Seen:
    def stream(batch_size: int) -> Iterator[View]:
        for batch in source.batches(batch_size):
            refuse_channels(action, batch.shape[1])
            yield show(batch.cpu())

    mark = provenance.fingerprint("photographs", source.fingerprint, action.fingerprint, str(whiten))
    return Seen(
        action.group, action.places(source.size), valid, mark, source.size, stream, lambda: len(source)
    )


def _exchanges_pixels(action: Action, size: tuple[int, int]) -> bool:
    """Whether every element is a mirroring, a quarter turn or neither, and takes the picture onto itself."""
    whole = np.allclose(np.abs(action.spatial), np.abs(action.spatial).round(), atol=1e-9)
    upright = np.allclose(action.spatial[:, 0, 1], 0, atol=1e-9)
    return whole and np.allclose(action.factors, 1) and (upright or size[0] == size[1])


def _exchanged(batch: Float[Tensor, "n c h w"], action: Action) -> View:
    def view(element: int) -> Tensor:
        matrix = action.spatial[element].round()
        shown = batch.mT if matrix[0, 1] else batch
        signs = matrix.sum(1)  # each row has one entry, 1 or -1
        axes = [axis for axis, sign in zip((2, 3), signs, strict=True) if sign < 0]
        shown = shown.flip(axes) if axes else shown
        tint = torch.from_numpy(colours(action, element, batch.shape[1])).to(shown)
        if torch.equal(tint, torch.eye(len(tint))):
            return shown.clone(memory_format=torch.contiguous_format)
        mixed = torch.matmul(tint, shown.flatten(2).sub(0.5)).add_(0.5)
        return mixed.view(shown.shape)

    return view


@dataclass(frozen=True, eq=False)
class _Optics:
    """What pictures of one size go through: a filter by frequency, splines, a mask."""

    action: Action
    size: tuple[int, int]
    whitening: Float[np.ndarray, "h w2"] | None

    def view(self, batch: Float[Tensor, "n c h w"]) -> View:
        shown = batch - 0.5
        if self.whitening is not None or self.action.shifts:
            shown = shown * torch.from_numpy(_fading(self.size)).float()
        spectrum = torch.fft.rfft2(shown)
        disc = (DISC[0] * min(self.size) / 2, DISC[1] * min(self.size) / 2)
        last: dict[tuple[float, float], np.ndarray] = {}

        def view(element: int) -> Tensor:
            factor = float(self.action.factors[element])
            key = (round(factor / self.action.factors.max(), 9), float(self.action.phase[element]))
            if key not in last:
                last.clear()  # one set of coefficients is as large as the batch
                last[key] = _coefficients(spectrum, self._filter(*key), self.size)
            matrix = self.action.factors.max() * np.linalg.inv(self.action.spatial[element])
            colour = colours(self.action, element, batch.shape[1])
            return torch.from_numpy(warp(last[key], matrix, -_SHIFT, colour, disc, len(batch)))

        return view

    def _filter(self, shrunk: float, phase: float) -> Complex[np.ndarray, "h w2"]:
        """What every wave is multiplied by, so that splines through the result show the pictures at a scale."""
        down, across = _frequencies(self.size)
        passed = _falling(np.hypot(down, across) / shrunk, PASSED)
        spline = (2 + np.cos(2 * np.pi * down)) * (2 + np.cos(2 * np.pi * across)) / 9
        moved = np.exp(2j * np.pi * _SHIFT * (down + across) + 1j * phase * np.sign(down))
        white = 1.0 if self.whitening is None else self.whitening
        return passed * white / spline * moved


def _coefficients(
    spectrum: Complex[Tensor, "n c h w2"], response: Complex[np.ndarray, "h w2"], size: tuple[int, int]
) -> Float[np.ndarray, "h w lanes"]:
    shown = torch.fft.irfft2(spectrum * torch.from_numpy(response).to(spectrum.dtype), s=size)
    n, c, *_ = shown.shape
    lanes = -(-n * c // LANES) * LANES
    side_by_side = shown.new_zeros(*size, lanes)
    side_by_side[..., : n * c] = shown.permute(2, 3, 1, 0).flatten(2)
    return side_by_side.numpy()


def _whitening(source: Images, share: float) -> Float[np.ndarray, "h w2"]:
    """A filter by frequency that evens out the pictures' mean amplitude, and keeps their contrast."""
    fading = torch.from_numpy(_fading(source.size)).float()
    power, count = 0.0, 0
    for batch in islice(source.batches(16), MEASURED // 16):
        power = (
            power
            + torch.fft.rfft2((batch.cpu() - 0.5) * fading).abs().square().mean(1).sum(0).double().numpy()
        )
        count += len(batch)
    down, across = _frequencies(source.size)
    ring = np.rint(np.hypot(down, across) * max(source.size)).astype(int)
    mean = np.bincount(ring.ravel(), np.ravel(power / count)) / np.maximum(np.bincount(ring.ravel()), 1)
    mean[0] = mean[1]
    amplitude = np.sqrt(np.maximum(mean, mean.max() * 1e-8))[ring]
    response = amplitude**-share
    seen = _falling(np.hypot(down, across), PASSED) * (ring > 0)
    kept = (power * seen**2).sum() / np.maximum((power * (seen * response) ** 2).sum(), 1e-30)
    return response * np.sqrt(kept)


def _frequencies(size: tuple[int, int]) -> tuple[Float[np.ndarray, "h 1"], Float[np.ndarray, "1 w2"]]:
    """Down and across, in cycles per pixel; for torch.fft.rfft2."""
    return np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None]


def _fading(size: tuple[int, int]) -> Float[np.ndarray, "h w"]:
    """1 in the disc, 0 around it."""
    down, across = (np.arange(side) - (side - 1) / 2 for side in size)
    return _falling(np.hypot(down[:, None], across) / (min(size) / 2), DISC)


def _falling(values: Float[np.ndarray, "h w"], between: tuple[float, float]) -> Float[np.ndarray, "h w"]:
    """1 before the first, 0 after the second, smooth between them."""
    share = np.clip((values - between[0]) / (between[1] - between[0]), 0, 1)
    return np.cos(share * np.pi / 2) ** 2
