"""The stable-baselines3 policy of DQN and QR-DQN around one of our networks, and its target network."""

from typing import Any, cast

import torch
from jaxtyping import Float, Int, Shaped
from stable_baselines3.common.policies import BasePolicy
from torch import Tensor, nn

from rl.networks import build


class Scored(nn.Module):
    """A network as SB3 calls it: observations in, the output of one head out."""

    def __init__(self, network: nn.Module, head: str, scale: float) -> None:
        super().__init__()
        self.network, self.head, self.scale = network, head, scale

    def forward(self, obs: Shaped[Tensor, "n c h w"]) -> Float[Tensor, "n ..."]:
        return self.answer(obs)[self.head]

    def answer(self, obs: Shaped[Tensor, "n c h w"]) -> dict[str, Tensor]:
        """Every head's output; observations count in [0, 1]."""
        return self.network(obs.float() if self.scale == 1 else obs.float() / self.scale)

    def set_training_mode(self, mode: bool) -> None:
        """As SB3's own networks are told."""
        self.train(mode)


class QPolicy(BasePolicy):
    """An SB3 policy [raffin2021] that plays the action worth most, for DQN or, with ``quantiles``, for QR-DQN.

    Its only parameters are those of ``network`` and of the target network, which begins as its equal.
    """

    def __init__(
        self,
        *spaces: Any,
        network: str,
        seed: int,
        quantiles: int | None = None,
        optimizer_class: type[torch.optim.Optimizer] = torch.optim.Adam,
        optimizer_kwargs: dict[str, Any] | None = None,
    ) -> None:
        observations, actions, learning_rate = spaces
        super().__init__(
            observations, actions, optimizer_class=optimizer_class, optimizer_kwargs=optimizer_kwargs
        )
        shape, scale = cast(tuple[int, int, int], observations.shape), float(observations.high.max())
        head = "q" if quantiles is None else "quantiles"
        self.n_quantiles = quantiles
        self.online, self.target = (
            Scored(
                build(
                    network, shape=shape, actions=int(actions.n), seed=seed, heads="q", quantiles=quantiles
                ),
                head,
                scale if scale > 1 else 1.0,
            )
            for _ in range(2)
        )
        self.target.set_training_mode(False)
        rate = learning_rate(1)
        self.optimizer = optimizer_class(self.online.parameters(), lr=rate, **self.optimizer_kwargs)  # type: ignore[call-arg]

    q_net = quantile_net = property(lambda self: self.online)  # SB3's names for them
    q_net_target = quantile_net_target = property(lambda self: self.target)
    network = property(lambda self: self.online.network)

    def forward(self, obs: Shaped[Tensor, "n c h w"], deterministic: bool = True) -> Int[Tensor, "n"]:
        """The action worth most."""
        return self._predict(obs, deterministic)

    def _predict(  # type: ignore[override]
        self, observation: Shaped[Tensor, "n c h w"], deterministic: bool = True
    ) -> Int[Tensor, "n"]:
        return self.online.answer(observation)["q"].argmax(1)

    def set_training_mode(self, mode: bool) -> None:
        """As SB3 tells it; the target network never trains."""
        self.online.set_training_mode(mode)
        self.training = mode
