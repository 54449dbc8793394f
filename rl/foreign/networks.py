"""Networks of stable-baselines3 rebuilt from tensors: the layers' sizes are the tensors' shapes."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.errors import BadInput, WeightsMismatch
from rl.agents import fill
from rl.foreign.signs import Kind

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "Tanh": nn.Tanh,
    "ReLU": nn.ReLU,
    "LeakyReLU": nn.LeakyReLU,
    "ELU": nn.ELU,
    "SELU": nn.SELU,
    "GELU": nn.GELU,
    "SiLU": nn.SiLU,
    "Mish": nn.Mish,
    "Sigmoid": nn.Sigmoid,
    "Softplus": nn.Softplus,
}
"""Name to activation function with torch's default parameters."""

KERNELS = ((8, 4), (4, 2), (3, 1))
"""Size and stride of the convolutions of NatureCNN [mnih2015]; tensors do not say strides."""

EXTRACTORS = ("features_extractor", "pi_features_extractor", "vf_features_extractor")
STACKS = ("shared_net", "policy_net", "value_net")

Tensors = Mapping[str, Tensor]


class Policy(nn.Module):
    """Named parts of a policy; ``clip`` bounds what is seen, as VecNormalize does."""

    def __init__(self, parts: Mapping[str, nn.Module], *, clip: float | None, quantiles: int = 1) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        self.clip, self.quantiles = clip, quantiles

    def features(self, inputs: Float[Tensor, "n c h w"], extractor: str) -> Float[Tensor, "n d"]:
        """Features by the extractor of that name; the flattened input where there is none."""
        inputs = inputs if self.clip is None else inputs.clamp(-self.clip, self.clip)
        parts: Any = self._modules
        found: Tensor = parts[extractor](inputs) if extractor in parts else inputs.flatten(1)
        return found


class ActorCritic(Policy):
    """PPO's and A2C's network: logits and value."""

    def forward(self, inputs: Float[Tensor, "n c h w"]) -> dict[str, Tensor]:
        if "pi_features_extractor" in self._modules:
            pi, vf = self.features(inputs, EXTRACTORS[1]), self.features(inputs, EXTRACTORS[2])
        else:
            pi = vf = self.features(inputs, EXTRACTORS[0])
        parts: Any = self._modules
        stacks = parts["mlp_extractor"]
        if "shared_net" in stacks:
            pi = vf = stacks["shared_net"](pi)
        return {
            "policy": parts["action_net"](stacks["policy_net"](pi)),
            "value": parts["value_net"](stacks["value_net"](vf)),
        }


class Q(Policy):
    """DQN's network; with ``quantiles``, QR-DQN's, whose mean is an action's value [dabney2018]."""

    def forward(self, inputs: Float[Tensor, "n c h w"]) -> dict[str, Tensor]:
        parts: Any = self._modules
        answers = parts["q_net"](self.features(inputs, EXTRACTORS[0]))
        return {"q": answers.unflatten(1, (self.quantiles, -1)).mean(1)}


def canonical(kind: Kind, tensors: Tensors) -> dict[str, Tensor]:
    """The tensors that play, once each: without target networks and copies of shared extractors.

    >>> names = ("q_net.q_net.0.weight", "q_net_target.q_net.0.weight")
    >>> list(canonical("dqn", {name: torch.zeros(2, 2) for name in names}))
    ['q_net.0.weight']
    """
    if kind == "actor-critic":
        return _one_extractor(tensors)
    prefix = "q_net" if kind == "dqn" else "quantile_net"
    return {
        re.sub(rf"^({prefix}\.)?{prefix}\.", "q_net." if f"{prefix}.{prefix}." in name else "", name): value
        for name, value in tensors.items()
        if not name.startswith(f"{prefix}_target.")
    }


def build(
    kind: Kind, tensors: Tensors, *, activation: str, actions: int, clip: float | None, where: str
) -> nn.Module:
    """The network with these (canonical) tensors in it.

    Raises
    ------
    WeightsMismatch
        if a tensor is missing, left over, or does not follow from the one before; names it.
    """
    parts: dict[str, nn.Module] = {
        name: _nature(tensors, f"{name}.")
        for name in EXTRACTORS
        if any(held.startswith(f"{name}.") for held in tensors)
    }
    network: Policy
    if kind == "actor-critic":
        stacks = {name: _stack(tensors, f"mlp_extractor.{name}.", activation) for name in STACKS}
        if not len(stacks["shared_net"]):
            del stacks["shared_net"]
        parts["mlp_extractor"] = nn.ModuleDict(stacks)
        parts |= {name: _linear(tensors, name) for name in ("action_net", "value_net")}
        network = ActorCritic(parts, clip=clip)
    else:
        parts["q_net"] = _stack(tensors, "q_net.", activation)[:-1]
        network = Q(parts, clip=clip, quantiles=outputs(kind, tensors) // actions if kind == "qr-dqn" else 1)
    network = network.to_empty(device="cpu")
    fill(network, dict(tensors), where=where, network_name=kind)
    return network


def outputs(kind: Kind, tensors: Tensors) -> int:
    """How many numbers the policy or Q head gives."""
    if kind == "actor-critic":
        return len(tensors["action_net.weight"])
    last = max(int(name.split(".")[1]) for name in tensors if re.fullmatch(r"q_net\.\d{1,4}\.weight", name))
    return len(tensors[f"q_net.{last}.weight"])


def activation_named(text: object, default: str) -> str:
    """The activation function that a policy's keywords name; ``text`` is its name, its class's ``repr``, or None.

    Raises
    ------
    BadInput
        if it is none of the table.

    >>> activation_named("<class 'torch.nn.modules.activation.ReLU'>", "Tanh")
    'ReLU'
    """
    if text is None:
        return default
    found = re.fullmatch(r"(\w+)|<class 'torch\.nn\.modules\.activation\.(\w+)'>", str(text))
    name = (found[1] or found[2]) if found else ""
    if name not in ACTIVATIONS:
        raise BadInput(
            f"activation function {str(text)[:80]!r} is not known; known are {', '.join(ACTIVATIONS)}"
        )
    return name


def _one_extractor(tensors: Tensors) -> dict[str, Tensor]:
    """Actor and critic share an extractor, which is saved three times since 1.7; or each has its own."""
    pi, vf = (_under(tensors, f"{name}.") for name in EXTRACTORS[1:])
    if not pi and not vf:
        return dict(tensors)
    rest = {n: t for n, t in tensors.items() if n.split(".")[0] not in EXTRACTORS}
    if pi.keys() == vf.keys() and all(torch.equal(pi[name], vf[name]) for name in pi):
        return {f"{EXTRACTORS[0]}.{name}": value for name, value in pi.items()} | rest
    both = {EXTRACTORS[1]: pi, EXTRACTORS[2]: vf}
    return {f"{name}.{n}": t for name, part in both.items() for n, t in part.items()} | rest


def _under(tensors: Tensors, prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _nature(tensors: Tensors, prefix: str) -> nn.Module:
    """NatureCNN, the one extractor with tensors that stable-baselines3 has for images."""
    convolutions: list[nn.Module] = []
    for i, (size, stride) in enumerate(KERNELS):
        name = f"{prefix}cnn.{2 * i}.weight"
        shape = tuple(tensors[name].shape) if name in tensors else ()
        if len(shape) != 4 or shape[2:] != (size, size):
            found = f"has shape {shape}" if shape else "is missing"
            raise WeightsMismatch(
                f"tensor {name!r} {found}; the only features extractor that is known is NatureCNN"
            )
        convolutions += [nn.Conv2d(shape[1], shape[0], size, stride, device="meta"), nn.ReLU()]
    made = nn.Sequential()
    made.add_module("cnn", nn.Sequential(*convolutions, nn.Flatten()))
    made.add_module("linear", nn.Sequential(_linear(tensors, f"{prefix}linear.0"), nn.ReLU()))
    return made


def _stack(tensors: Tensors, prefix: str, activation: str) -> nn.Sequential:
    """Linear layers at 0, 2, 4 ..., each with the activation behind it."""
    layers: list[nn.Module] = []
    width = None
    while f"{prefix}{len(layers)}.weight" in tensors:
        linear = _linear(tensors, f"{prefix}{len(layers)}")
        if width not in (None, linear.in_features):
            raise WeightsMismatch(
                f"tensor '{prefix}{len(layers)}.weight' takes {linear.in_features} numbers, but the layer before "
                f"it gives {width}"
            )
        layers += [linear, ACTIVATIONS[activation]()]
        width = linear.out_features
    return nn.Sequential(*layers)


def _linear(tensors: Tensors, name: str) -> nn.Linear:
    weight = tensors.get(f"{name}.weight")
    if weight is None or weight.ndim != 2:
        found = "is missing" if weight is None else f"has shape {tuple(weight.shape)}"
        raise WeightsMismatch(f"tensor '{name}.weight' {found}; expected two axes")
    return nn.Linear(weight.shape[1], weight.shape[0], device="meta")
