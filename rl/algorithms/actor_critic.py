"""The stable-baselines3 policy around one of our networks: SB3 learns, the network stays a plain module."""

from typing import Any, cast

import torch
from jaxtyping import Float, Int, Shaped
from stable_baselines3.common.distributions import Distribution
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor
from torch.nn.functional import log_softmax

from rl.networks import build


class NetworkPolicy(ActorCriticPolicy):
    """An SB3 actor-critic policy [raffin2021] whose only parameters are those of ``network``.

    It answers what SB3's own policy answers for a Discrete action space, without building distribution objects.
    Observations count in [0, 1], or in 0 to 255 where their space says so.
    """

    def __init__(self, *arguments: Any, network: str, seed: int, **options: Any) -> None:
        self.network_name, self.network_seed = network, seed
        super().__init__(*arguments, **options)

    def _build(self, lr_schedule: Any) -> None:
        shape, actions = cast(tuple[int, int, int], self.observation_space.shape), int(self.action_space.n)  # type: ignore[attr-defined]
        self.scale = 255.0 if self.observation_space.high.max() > 1 else 1.0  # type: ignore[attr-defined]
        self.network = build(self.network_name, shape=shape, actions=actions, seed=self.network_seed)
        self.optimizer = self.optimizer_class(
            self.network.parameters(),
            lr=lr_schedule(1),  # type: ignore[call-arg]
            **self.optimizer_kwargs,
        )

    def forward(  # type: ignore[override]
        self, obs: Shaped[Tensor, "n c h w"], deterministic: bool = False
    ) -> tuple[Int[Tensor, "n"], Float[Tensor, "n 1"], Float[Tensor, "n"]]:
        """Actions, values and the actions' log-probabilities."""
        answer = self._answer(obs)
        logs = log_softmax(answer["policy"], 1)
        actions = logs.argmax(1) if deterministic else drawn(logs)
        return actions, answer["value"], logs.gather(1, actions[:, None])[:, 0]

    def evaluate_actions(  # type: ignore[override]
        self, obs: Shaped[Tensor, "n c h w"], actions: Int[Tensor, "n"]
    ) -> tuple[Float[Tensor, "n 1"], Float[Tensor, "n"], Float[Tensor, "n"]]:
        """Values, log-probabilities of ``actions`` and the policy's entropy."""
        answer = self._answer(obs)
        logs = log_softmax(answer["policy"], 1)
        return answer["value"], logs.gather(1, actions[:, None])[:, 0], -(logs.exp() * logs).sum(1)

    def get_distribution(  # type: ignore[override]
        self, obs: Shaped[Tensor, "n c h w"]
    ) -> Distribution:
        """The action distribution as SB3's own object."""
        return self.action_dist.proba_distribution(action_logits=self._answer(obs)["policy"])

    def predict_values(  # type: ignore[override]
        self, obs: Shaped[Tensor, "n c h w"]
    ) -> Float[Tensor, "n 1"]:
        """The value of each observation."""
        return self._answer(obs)["value"]

    def _answer(self, obs: Tensor) -> dict[str, Tensor]:
        return self.network(obs.float() if self.scale == 1 else obs.float() / self.scale)


def drawn(logs: Float[Tensor, "n a"]) -> Int[Tensor, "n"]:
    """An action each, drawn by its log-probabilities; raises FloatingPointError where they are not finite."""
    try:
        return torch.multinomial(logs.exp(), 1)[:, 0]
    except RuntimeError as error:  # torch looks; asking at every step would cost time
        if bool(logs.isfinite().all()):
            raise
        raise FloatingPointError("the policy's logits are not finite") from error
