"""Which algorithm saved these tensors, told by their names; what is not known is refused with its signs."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from core.errors import BadInput
from rl.foreign.archive import Archive

Kind = Literal["actor-critic", "dqn", "qr-dqn"]

KNOWN: Mapping[Kind, tuple[str, ...]] = {
    "actor-critic": ("action_net.weight", "value_net.weight"),
    "dqn": ("q_net.q_net.0.weight",),
    "qr-dqn": ("quantile_net.quantile_net.0.weight",),
}
"""Kind to the tensors that it cannot be without."""

REFUSED: tuple[tuple[str, str], ...] = (
    ("lstm_actor.", "RecurrentPPO, whose policy has a memory"),
    ("actor.latent_pi.", "SAC, TQC or CrossQ, whose actions are continuous"),
    ("actor.mu.", "TD3 or DDPG, whose actions are continuous"),
    ("action_net.0.", "ARS, which has no value"),
    ("log_std", "a Gaussian policy, whose actions are continuous"),
    ("features_extractor.extractors.", "a MultiInputPolicy, whose observation is a dictionary"),
    ("q_net.features_extractor.extractors.", "a MultiInputPolicy, whose observation is a dictionary"),
    ("quantile_net.features_extractor.extractors.", "a MultiInputPolicy, whose observation is a dictionary"),
)
"""Start of a tensor's name to what it is a sign of."""

OPENED = "PPO, A2C, TRPO, MaskablePPO, DQN and QR-DQN with discrete actions can be opened"


def kind_of(archive: Archive) -> Kind:
    """What kind of agent the tensors are.

    Raises
    ------
    BadInput
        if they are of none that can be rebuilt; names the tensor that shows it.
    """
    names = archive.tensors
    for start, what in REFUSED:
        sign = next((name for name in names if name.startswith(start)), None)
        if sign is not None:
            raise BadInput(f"{str(archive.path)!r} is {what} (tensor {sign!r}); {OPENED}")
    for kind, needed in KNOWN.items():
        if all(name in names for name in needed):
            return kind
    raise BadInput(f"{str(archive.path)!r} is of no known algorithm (its tensors: {_few(names)}); {OPENED}")


def algorithm(archive: Archive, kind: Kind) -> str:
    """The algorithm's name; PPO and A2C have the same tensors and are told apart by their settings in ``data``."""
    if kind != "actor-critic":
        return kind.upper()
    keys = archive.data
    if masked(archive):
        return "MaskablePPO"
    if "cg_max_steps" in keys:
        return "TRPO"
    if "clip_range" in keys:
        return "PPO"
    return "A2C" if "gae_lambda" in keys else "actor-critic"


def check_policy_class(archive: Archive, *, activation: str | None) -> None:
    """Refuse policies of a class of the trainer's own, which may compute what no tensor shows.

    Raises
    ------
    BadInput
        naming the class, or that the zip does not say it.
    """
    module, path = _module(archive), repr(str(archive.path))
    ours = isinstance(module, str) and module.split(".")[0] in ("stable_baselines3", "sb3_contrib")
    if not ours and activation is None:
        said = (
            f"is of a policy class of its own, from {module!r}" if module else "does not say its policy class"
        )
        raise BadInput(
            f"{path} {said}, so its tensors alone do not say what is computed between them; if it is a plain "
            "stack of layers, name their activation function, as in activation='Tanh'"
        )


def masked(archive: Archive) -> bool:
    """Whether it is MaskablePPO, whose network is PPO's but whose actions were masked in training."""
    return ".maskable." in (_module(archive) or "")


def _module(archive: Archive) -> str | None:
    """The module of the policy's class, where the zip says it."""
    found = archive.data.get("policy_class")
    module = found.get("__module__") if isinstance(found, Mapping) else None
    return module if isinstance(module, str) else None


def policy_kwargs(archive: Archive) -> Mapping[str, Any]:
    """The keywords that the policy was made with, as far as they stand in plain JSON; classes are text there."""
    found = archive.data.get("policy_kwargs")
    return found if isinstance(found, Mapping) else {}


def _few(names: Collection[str]) -> str:
    shown = list(names)[:3]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
