"""A method's maps for inputs that each have their own target, in batches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution import METHODS, Attribution, Parts
from core.errors import BadInput, UnknownName
from core.faithfulness.maps import as_map
from core.faithfulness.measured import completeness
from core.faithfulness.scoring import groups
from core.subject import Subject
from core.targets import Target

Method = Callable[[Subject, Tensor, Target], Attribution | Tensor]
"""``method(subject, inputs, target)`` gives an Attribution or maps (n, rows, columns)."""

SEEDED = ("random",)
"""Methods of the table whose maps are drawn, and so take the seed."""


@dataclass(frozen=True, eq=False)
class OverParts:
    """A method of the table (``shapley``, ``feature-ablation``) asked about given parts of each input.

    ``baseline`` is what it takes: a name, or what every input shows with the parts gone, (n, c, h, w).
    """

    method: str
    parts: Parts = field(repr=False)
    baseline: Any = field(default="black", repr=False)

    def of(self, rows: Sequence[int]) -> Method:
        """The method for some of the inputs."""
        parts = Parts(self.parts.labels[list(rows)], tuple(self.parts.names[row] for row in rows))
        given = isinstance(self.baseline, Tensor) and len(self.baseline) == len(self.parts.labels)
        baseline = self.baseline[list(rows)] if given else self.baseline
        return partial(named(self.method), parts=parts, baseline=baseline)


Asking = str | Method | OverParts
"""A method by its name, as a function, or over given parts."""


@dataclass(frozen=True, eq=False)
class Explained:
    """Maps (n, rows, columns) of a method; ``gaps`` (n,) where it promises a sum: see ``completeness``."""

    maps: Float[Tensor, "n rows columns"] = field(repr=False)
    gaps: Float[Tensor, "n"] | None = None


def named(method: str) -> Callable[..., Attribution]:
    """A method of the table ``core.attribution.METHODS``.

    Raises
    ------
    UnknownName
        with the nearest method.

    >>> named("saliency").__name__
    'saliency'
    """
    if method not in METHODS:
        raise UnknownName("attribution method", method, METHODS)
    return METHODS[method]


def label(method: Asking) -> str:
    """What to call it.

    >>> label("lrp")
    'lrp'
    """
    if isinstance(method, OverParts):
        return method.method
    return method if isinstance(method, str) else getattr(method, "__name__", "the method")


def explain(
    method: Asking,
    subject: Subject,
    inputs: Float[Tensor, "n c h w"],
    targets: Sequence[Target],
    *,
    seed: int = 0,
    batch_size: int = 32,
) -> Explained:
    """The method's maps of all inputs, each for its own target; at most ``batch_size`` inputs at once.

    Raises
    ------
    UnknownName, BadInput
        if there is no such method, or the network cannot take it.

    >>> from core.targets import Output
    >>> from core.testing import spotlight
    >>> targets = [Output("policy", 0), Output("policy", 1)]
    >>> explain("integrated-gradients", spotlight(), torch.ones(2, 3, 10, 10), targets).maps.sum((1, 2)).tolist()
    [4.0, 8.0]
    """
    order, maps, gaps = [], [], []
    for target, part in _parts(method, targets, batch_size):
        made = _for(method, part, seed)(subject, inputs[part], target)
        order += part
        maps.append(_maps(made, len(part), method))
        gaps.append(_gaps(made))
    back = torch.tensor(order).argsort()
    kept = [gap for gap in gaps if gap is not None]
    return Explained(torch.cat(maps)[back], torch.cat(kept)[back] if len(kept) == len(gaps) else None)


def _for(method: Asking, rows: Sequence[int], seed: int) -> Method:
    if isinstance(method, OverParts):
        return method.of(rows)
    if not isinstance(method, str):
        return method
    return partial(named(method), seed=seed + rows[0]) if method in SEEDED else named(method)


def _parts(method: Asking, targets: Sequence[Target], batch_size: int) -> Iterator[tuple[Target, list[int]]]:
    """Inputs that go together; what is drawn depends on an input's number alone, whatever its target."""
    whole = {targets[0]: list(range(len(targets)))}
    for target, which in (whole if method in SEEDED else groups(targets)).items():
        for start in range(0, len(which), batch_size):
            yield target, which[start : start + batch_size]


def _maps(made: Attribution | Tensor, n: int, method: Asking) -> Tensor:
    maps = made.heatmap() if isinstance(made, Attribution) else made
    if len(maps) != n:
        raise BadInput(f"{label(method)} gives {len(maps)} maps for {n} inputs")
    return as_map(maps.detach().cpu(), f"the maps of {label(method)}")


def _gaps(made: Attribution | Tensor) -> Tensor | None:
    if isinstance(made, Tensor) or made.completeness_gap is None:
        return None
    return completeness(made).values.detach().cpu()
