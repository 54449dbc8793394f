"""agreement(): whether two seeds' pictures of a unit look more alike than pictures of different units."""

import torch
from jaxtyping import Float
from torch import Tensor


def agreement(pictures: Float[Tensor, "n d"], seconds: Float[Tensor, "n d"]) -> Float[Tensor, "n"]:
    """The share of other units' pictures that are less like a unit's picture than its second picture is.

    Both as ``judge.described`` has them. 1: the two are closer to each other than to any other's; 0.5: chance, the
    seeds show different things. Counts both pictures of every other unit, from either of its own; ties are halves.
    NaN where there is no other unit.

    >>> two = torch.eye(2)
    >>> agreement(two, two).tolist(), agreement(two, two.flip(0)).tolist(), agreement(two[:1], two[:1]).tolist()
    ([1.0, 1.0], [0.25, 0.25], [nan])
    """
    own = (pictures * seconds).sum(1)
    first = torch.cat([pictures @ pictures.T, pictures @ seconds.T], 1)
    second = torch.cat([seconds @ pictures.T, seconds @ seconds.T], 1)
    others = ~torch.eye(len(pictures), dtype=torch.bool).repeat(1, 2)
    rivals = torch.cat([first[others].view(len(pictures), -1), second[others].view(len(pictures), -1)], 1)
    return share_above(own[:, None], rivals)


def share_above(
    values: Float[Tensor, "n a"], others: Float[Tensor, "n b"], *, tie: float = 1e-6
) -> Float[Tensor, "n"]:
    """The share of all pairs (a value, another) of a row whose value is larger; ties are halves; NaN without pairs.

    >>> share_above(torch.tensor([[3.0, 1.0]]), torch.tensor([[2.0, 1.0]])).tolist()
    [0.625]
    """
    apart = values[:, :, None] - others[:, None, :]
    won = (apart > tie).double() + 0.5 * (apart.abs() <= tie).double()
    return won.mean((1, 2)).float()
