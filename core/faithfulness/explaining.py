"""A method's maps for inputs that each have their own target, in batches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from core.attribution import METHODS, Attribution
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
class Explained:
    """Maps (n, rows, columns) of a method; ``gaps`` (n,) where it promises a sum: see ``completeness``."""

    maps: Float[Tensor, "n rows columns"] = field(repr=False)
    gaps: Float[Tensor, "n"] | None = None


def method_named(method: str | Method, *, seed: int = 0) -> Method:
    """A method of the table ``core.attribution.METHODS`` by its name; a function is taken as it is.

    Raises
    ------
    UnknownName
        with the nearest method.

    >>> callable(method_named("grad-cam"))
    True
    """
    if not isinstance(method, str):
        return method
    if method not in METHODS:
        raise UnknownName("attribution method", method, METHODS)
    return partial(METHODS[method], seed=seed) if method in SEEDED else METHODS[method]


def explain(
    method: str | Method,
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
        made = method_named(method, seed=seed + part[0])(subject, inputs[part], target)
        order += part
        maps.append(_maps(made, len(part), method))
        gaps.append(_gaps(made))
    back = torch.tensor(order).argsort()
    kept = [gap for gap in gaps if gap is not None]
    return Explained(torch.cat(maps)[back], torch.cat(kept)[back] if len(kept) == len(gaps) else None)


def _parts(
    method: str | Method, targets: Sequence[Target], batch_size: int
) -> Iterator[tuple[Target, list[int]]]:
    """Inputs that go together; what is drawn depends on an input's number alone, whatever its target."""
    whole = {targets[0]: list(range(len(targets)))}
    for target, which in (whole if method in SEEDED else groups(targets)).items():
        for start in range(0, len(which), batch_size):
            yield target, which[start : start + batch_size]


def _maps(made: Attribution | Tensor, n: int, method: str | Method) -> Tensor:
    maps = made.heatmap() if isinstance(made, Attribution) else made
    if len(maps) != n:
        raise BadInput(f"{_name(method)} gives {len(maps)} maps for {n} inputs")
    return as_map(maps.detach().cpu(), f"the maps of {_name(method)}")


def _gaps(made: Attribution | Tensor) -> Tensor | None:
    if isinstance(made, Tensor) or made.completeness_gap is None:
        return None
    return completeness(made).values.detach().cpu()


def _name(method: str | Method) -> str:
    return method if isinstance(method, str) else getattr(method, "__name__", "the method")
