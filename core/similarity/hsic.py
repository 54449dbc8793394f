"""HSIC without bias: how much two sets of features of the same inputs depend on each other, from Gram matrices."""

import torch
from jaxtyping import Float
from torch import Tensor


def gram(features: Float[Tensor, "n ..."]) -> Float[Tensor, "n n"]:
    """The inner products of every two inputs' features, flattened, centred and without the diagonal, float64.

    Rows (but for the diagonal) sum to 0, "U-centred", which changes no HSIC and keeps its digits.

    >>> gram(torch.tensor([[1.0], [2.0], [5.0], [0.0]])).sum(1).abs().max() < 1e-12
    tensor(True)
    """
    flat = features.detach().flatten(1)
    flat = flat - flat.mean(0)
    return u_centred((flat @ flat.T).double().cpu())


def u_centred(products: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    """A symmetric matrix with row, column and grand means taken off and nothing on its diagonal [song2012]."""
    n = len(products)
    inner = products - torch.diag(products.diagonal())
    rows = inner.sum(1) / (n - 2)
    centred = inner - rows[:, None] - rows + inner.sum() / ((n - 1) * (n - 2))
    return centred - torch.diag(centred.diagonal())


def hsic(one: Float[Tensor, "n n"], other: Float[Tensor, "n n"]) -> float:
    """The unbiased HSIC of two matrices of ``gram``, at least four inputs [song2012]."""
    n = len(one)
    return float((one * other).sum()) / (n * (n - 3))


def hsic_redrawn(
    one: Float[Tensor, "n n"], other: Float[Tensor, "n n"], weights: Float[Tensor, "n draws"]
) -> Float[Tensor, "draws"]:
    """``hsic`` where input i comes ``weights[i]`` times, for every draw; an input is never compared with itself.

    It is the mean over all fours of different inputs, each as often as the product of its weights says. To compare
    the copies of an input that a bootstrap drew twice would make everything look dependent.

    >>> a, b = gram(torch.rand(9, 3)), gram(torch.rand(9, 2))
    >>> round(float(hsic_redrawn(a, b, torch.ones(9, 1, dtype=torch.float64))), 9) == round(hsic(a, b), 9)
    True
    """
    square, cube = weights**2, weights**3
    p1, p2, p3, p4 = (power.sum(0) for power in (weights, square, cube, weights**4))
    both = one * other
    pairs, pairs_square, pairs_cube = both @ weights, both @ square, both @ cube
    left, right = one @ weights, other @ weights
    # K_ij L_ij over i, j and any two further inputs; then K_ij L_ik over i, j, k and a further one; then K_ij L_kl
    twos = (p1**2 - p2) * (weights * pairs).sum(0) - 4 * p1 * (weights * pairs_square).sum(0)
    twos += 4 * (weights * pairs_cube).sum(0) + 2 * (square * pairs_square).sum(0)
    meeting = left * right - pairs_square
    crossed = (one @ square) * right + left * (other @ square) - 2 * pairs_cube
    threes = p1 * (weights * meeting).sum(0) - (square * meeting).sum(0) - (weights * crossed).sum(0)
    fours = (weights * left).sum(0) * (weights * right).sum(0)
    fours -= 4 * (square * meeting).sum(0) + 2 * (square * pairs_square).sum(0)
    mass = p1**4 - 6 * p1**2 * p2 + 3 * p2**2 + 8 * p1 * p3 - 6 * p4
    return (twos + fours - 2 * threes) / mass
