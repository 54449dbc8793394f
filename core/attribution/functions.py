"""What torch's functions do to activations, by name: which methods that follow the network's own calls go by."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

# fmt: off
OF_ONE_NUMBER = frozenset((
    "relu", "relu6", "elu", "selu", "celu", "leaky_relu", "sigmoid", "tanh", "softplus", "gelu", "silu", "mish",
    "hardtanh", "hardswish", "hardsigmoid", "clamp", "clamp_min", "clamp_max", "abs", "exp", "log", "log1p", "expm1",
    "sqrt", "rsqrt", "square", "reciprocal", "erf", "sin", "cos",
))
"""Each value by itself."""

ACTIVATIONS = frozenset((
    "relu6", "elu", "selu", "celu", "leaky_relu", "sigmoid", "tanh", "softplus", "gelu", "silu", "mish",
    "hardtanh", "hardswish", "hardsigmoid",
))
"""Those of them that networks have after their layers, but for ReLU."""

WEIGHTED = frozenset(("conv1d", "conv2d", "conv3d", "linear"))
"""Layers of weights."""

STRAIGHT = frozenset((
    "avg_pool2d", "avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool1d",
    "batch_norm", "dropout", "dropout2d", "feature_dropout", "alpha_dropout",
    "flatten", "view", "reshape", "permute", "transpose", "t", "movedim", "squeeze", "unsqueeze", "unflatten",
    "expand", "expand_as", "contiguous", "clone", "to", "float", "type", "type_as", "cpu", "cuda", "alias",
    "cat", "concat", "stack", "chunk", "split", "unbind", "narrow", "select", "index_select", "gather", "pad",
    "__getitem__", "__get__", "roll", "pixel_shuffle", "channel_shuffle", "interpolate", "upsample",
    "add", "add_", "__add__", "__radd__", "__iadd__", "sub", "sub_", "__sub__", "__rsub__", "__isub__",
    "neg", "__neg__", "sum", "mean", "detach", "requires_grad_", "conv_transpose2d",
    "flip", "repeat", "repeat_interleave", "tile", "swapaxes", "moveaxis", "pixel_unshuffle", "fold", "unfold",
    "constant_pad_nd", "native_batch_norm", "ravel", "unsafe_chunk", "tensor_split", "hsplit", "vsplit", "double",
))
"""Sums, means and rearrangements, in a network that is not being trained."""

CHOOSING = frozenset(("relu", "relu_", "max_pool2d", "max_pool1d", "adaptive_max_pool2d", "amax", "maximum"))
"""Each answer is one of what they are given, or 0."""

PRODUCTS = frozenset(("mul", "mul_", "__mul__", "__rmul__", "__imul__", "matmul", "__matmul__", "bmm", "einsum"))
QUOTIENTS = frozenset(("div", "div_", "__truediv__", "__itruediv__"))
# fmt: on


def moving(given: Sequence[Any]) -> list[bool]:
    """Which of what a function is given depends on the input."""
    return [isinstance(one, Tensor) and one.requires_grad for one in given]


def moves(out: Any) -> bool:
    """Whether what a function gave, or any of what it gave, depends on the input."""
    return any(moving(out if isinstance(out, tuple | list) else [out]))


def linear(name: str, given: Sequence[Any]) -> bool:
    """Whether a function adds up or rearranges what depends on the input, or scales it by what does not.

    >>> linear("mul", [2.0, 3.0]), linear("softmax", [1.0])
    (True, False)
    """
    if name in PRODUCTS:
        return sum(moving(given)) <= 1
    if name in QUOTIENTS:
        return not any(moving(given)[1:])
    return name in STRAIGHT or name in WEIGHTED
