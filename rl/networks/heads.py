"""The last layers of an agent's network: policy and value, or what each action is worth, or quantiles of that."""

import math
from collections.abc import Mapping
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from core.errors import BadInput, UnknownName

Heads = Literal["actor-critic", "q"]
Outputs = Mapping[str, tuple[int, ...]]
"""Head to the shape of its output for one input."""
HEADS: tuple[Heads, ...] = ("actor-critic", "q")


def outputs_of(heads: str, *, actions: int, quantiles: int | None = None) -> Outputs:
    """What a network computes: "policy" and "value"; or "q", with ``quantiles`` [dabney2018] as their mean.

    Raises
    ------
    UnknownName
        if there are no such heads.
    BadInput
        if an actor-critic is to have quantiles, or there is to be less than one.

    >>> outputs_of("actor-critic", actions=4)
    {'policy': (4,), 'value': (1,)}
    >>> outputs_of("q", actions=4, quantiles=50)
    {'quantiles': (50, 4)}
    """
    if heads not in HEADS:
        raise UnknownName("kind of heads", heads, HEADS)
    if quantiles is not None and (heads != "q" or quantiles < 1):
        raise BadInput(
            f"heads {heads!r} cannot have {quantiles} quantiles; heads 'q' have at least 1, or None"
        )
    if heads == "actor-critic":
        return {"policy": (actions,), "value": (1,)}
    return {"q": (actions,)} if quantiles is None else {"quantiles": (quantiles, actions)}


def attach(network: nn.Module, width: int, outputs: Outputs) -> None:
    """Give ``network`` one linear layer a head, named as the head, over ``width`` features.

    >>> network = nn.Module()
    >>> attach(network, 64, {"q": (4,)})
    >>> network.q
    Linear(in_features=64, out_features=4, bias=True)
    """
    network.outputs = outputs  # type: ignore[assignment]
    for head, shape in outputs.items():
        network.add_module(head, nn.Linear(width, math.prod(shape)))


def answers(network: nn.Module, known: Float[Tensor, "n k"]) -> dict[str, Tensor]:
    """Every head's output for features: (n, k), but "quantiles" (n, quantiles, actions), whose mean is "q".

    >>> import torch
    >>> network = nn.Module()
    >>> attach(network, 8, {"quantiles": (5, 4)})
    >>> {head: tuple(said.shape) for head, said in answers(network, torch.zeros(2, 8)).items()}
    {'quantiles': (2, 5, 4), 'q': (2, 4)}
    """
    outputs: Outputs = network.outputs  # type: ignore[assignment]
    said = {head: getattr(network, head)(known) for head in outputs}
    if "quantiles" in said:
        said["quantiles"] = said["quantiles"].unflatten(1, outputs["quantiles"])
        said["q"] = said["quantiles"].mean(1)
    return said
