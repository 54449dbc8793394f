"""Occlusion and feature ablation: what the score loses when a window, or a part, is taken away."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.attribution.baselines import Baseline
from core.attribution.coalitions import Taken, coalition_scores, taken
from core.attribution.parts import ACROSS, Parts, laid_out, spread
from core.attribution.result import Attribution
from core.attribution.site import about, site_of
from core.errors import BadInput
from core.layers import as_maps
from core.progress import Progress, silent
from core.subject import Subject
from core.targets import Target


def occlusion(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    at: str | None = None,
    side: int | None = None,
    stride: int | None = None,
    baseline: Baseline = "black",
) -> Attribution:
    """What the score loses when a square window slides over the picture, or a layer's maps [zeiler2014].

    Each value is the mean over the windows that cover it. Without ``side`` the window is a seventh of the shorter
    side of the maps, without ``stride`` it moves by half of itself, so that every value is covered.

    It cannot show what two distant windows hold between them (each alone may be spared), and a window looks like
    an object too. The values sum to nothing in particular.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, what is there has no maps, or a window leaves gaps.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> lost = occlusion(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1), side=2, stride=2)
    >>> lost.values[0, 0, 6:8, 6:8].tolist()
    [[8.0, 8.0], [8.0, 8.0]]
    """
    site = site_of(subject, inputs, target, at)
    maps = site.values if site.layer is None else as_maps(site.values, site.layer)
    height, width = maps.shape[2:]
    if height * width == 1:
        raise BadInput(f"there are no maps at {site.at!r} of {subject.name}; feature-ablation can look there")
    side = -(-min(height, width) // ACROSS) if side is None else side
    stride = max(1, side // 2) if stride is None else stride
    if not 1 <= stride <= side <= min(height, width):
        raise BadInput(
            f"a window of side {side} moved by {stride} leaves gaps or does not fit maps of {height} x {width}; "
            "expected 1 <= stride <= side <= the shorter side"
        )
    windows = _windows(height, width, side, stride).to(maps.device)
    cells = torch.arange(1, height * width + 1).view(1, 1, height, width).expand(maps.shape)
    of = taken(site, Parts(cells, (tuple(map(str, range(height * width))),) * len(maps)), baseline)
    losses = site.score.double()[:, None] - coalition_scores(of, (~windows).expand(len(maps), -1, -1))
    heat = _mean_over(windows, losses).view(-1, 1, height, width)
    return Attribution(
        values=laid_out(heat.expand(maps.shape), site.layer, site.values.shape).contiguous(),
        target=str(target),
        at=site.at,
        method="occlusion",
        completeness_gap=None,
        provenance=about(site, side=side, stride=stride, baseline=_said(baseline)),
        layer=site.layer,
    )


def feature_ablation(
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    target: Target,
    *,
    at: str | None = None,
    parts: Parts | None = None,
    baseline: Baseline = "black",
    progress: Progress = silent,
) -> Attribution:
    """What the score loses when each part alone is taken away and shows the baseline instead.

    Parts are objects of a gridworld (``rl.objects``), squares of a picture; without any: squares, the numbers of a
    list, the units of a layer. What belongs to no part stays.

    It cannot show parts that stand in for each other: with either gone the score stays, and both get 0.

    Raises
    ------
    UnknownName, BadInput
        if the subject lacks the target or the layer, or parts or baseline do not fit.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> lost = feature_ablation(spotlight(), torch.ones(1, 3, 10, 10), Output("policy", 1))
    >>> lost.parts.names[0][int(lost.part_values.argmax())]
    '3,3'
    """
    site = site_of(subject, inputs, target, at)
    of = taken(site, parts, baseline)
    gone = ~torch.eye(of.parts.count, dtype=torch.bool, device=site.values.device)
    lost = site.score.double()[:, None] - coalition_scores(of, gone.expand(len(site.inputs), -1, -1))
    progress(1, 1, "feature ablation")
    return Attribution(
        values=spread(lost, of.labels).float(),
        target=str(target),
        at=site.at,
        method="feature ablation",
        completeness_gap=None,
        provenance=about(site, baseline=_said(baseline), parts=of.parts.count),
        layer=site.layer,
        parts=of.parts,
        part_values=_own(lost, of),
    )


def _own(values: Float[Tensor, "n k"], of: Taken) -> Float[Tensor, "n k"]:
    """Exactly 0 for parts that an input has none of."""
    own = torch.tensor([len(names) for names in of.parts.names], device=values.device)
    return values * (torch.arange(values.shape[1], device=values.device) < own[:, None])


def _mean_over(windows: Bool[Tensor, "m d"], losses: Float[Tensor, "n m"]) -> Float[Tensor, "n d"]:
    """For every cell the mean loss of the windows that cover it; some windows at a time."""
    total, count = losses.new_zeros(len(losses), windows.shape[1]), losses.new_zeros(windows.shape[1])
    for part in torch.arange(len(windows), device=windows.device).split(64):
        covered = windows[part].double()
        total += losses[:, part] @ covered
        count += covered.sum(0)
    return (total / count).float()


def _windows(height: int, width: int, side: int, stride: int) -> Bool[Tensor, "m d"]:
    """Every window's cells; the last of each row and column is pushed back to the edge."""
    tops = sorted({min(top, height - side) for top in range(0, height, stride)})
    lefts = sorted({min(left, width - side) for left in range(0, width, stride)})
    found = torch.zeros(len(tops) * len(lefts), height, width, dtype=torch.bool)
    for number, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        found[number, top : top + side, left : left + side] = True
    return found.flatten(1)


def _said(baseline: Baseline) -> str:
    return baseline if isinstance(baseline, str) else "given"
