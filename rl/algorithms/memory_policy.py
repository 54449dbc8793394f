"""The sb3-contrib policy around one of our networks with a memory, which actor and critic share."""

from typing import Any, cast

import torch
from jaxtyping import Float, Int, Shaped
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.distributions import Distribution
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor
from torch.nn.functional import log_softmax

from rl.algorithms.actor_critic import drawn
from rl.networks import build
from rl.networks.lstm import Remembering

Cells = tuple[Tensor, ...]
"""A memory as SB3 keeps it: what the LSTM said last, and the state of its cells, each (1, n, m)."""


class MemoryPolicy(RecurrentActorCriticPolicy):
    """A recurrent actor-critic policy whose only parameters are those of ``network`` (``rl.networks.lstm``).

    SB3 hands over sequences one after the other, (n times t, ...), cut wherever an episode begins: only the first
    step of each may be one, and there its memory is wiped.
    """

    def __init__(self, *arguments: Any, network: str, seed: int, **options: Any) -> None:
        self.network_name, self.network_seed = network, seed
        ActorCriticPolicy.__init__(self, *arguments, **options)  # the parent's would build LSTMs of its own
        self.lstm_hidden_state_shape = (1, 1, self.lstm_actor.hidden_size)

    def _build(self, lr_schedule: Any) -> None:
        shape, actions = cast(tuple[int, int, int], self.observation_space.shape), int(self.action_space.n)  # type: ignore[attr-defined]
        self.scale = 255.0 if self.observation_space.high.max() > 1 else 1.0  # type: ignore[attr-defined]
        self.network = cast(
            Remembering, build(self.network_name, shape=shape, actions=actions, seed=self.network_seed)
        )
        rate = lr_schedule(1)
        self.optimizer = self.optimizer_class(self.network.parameters(), lr=rate, **self.optimizer_kwargs)  # type: ignore[call-arg]

    lstm_actor = property(lambda self: self.network.lstm)  # SB3 asks it for its size

    def forward(  # type: ignore[override]
        self,
        obs: Shaped[Tensor, "n c h w"],
        lstm_states: RNNStates,
        episode_starts: Float[Tensor, "n"],
        deterministic: bool = False,
    ) -> tuple[Int[Tensor, "n"], Float[Tensor, "n 1"], Float[Tensor, "n"], RNNStates]:
        """Actions, values, the actions' log-probabilities and the next memory."""
        answer, after = self._answer(obs, lstm_states.pi, episode_starts)
        logs = log_softmax(answer["policy"], 1)
        actions = logs.argmax(1) if deterministic else drawn(logs)
        return actions, answer["value"], logs.gather(1, actions[:, None])[:, 0], RNNStates(after, after)

    def evaluate_actions(  # type: ignore[override]
        self,
        obs: Shaped[Tensor, "nt c h w"],
        actions: Int[Tensor, "nt"],
        lstm_states: RNNStates,
        episode_starts: Float[Tensor, "nt"],
    ) -> tuple[Float[Tensor, "nt 1"], Float[Tensor, "nt"], Float[Tensor, "nt"]]:
        """Values, log-probabilities of ``actions`` and the policy's entropy."""
        answer, _ = self._answer(obs, lstm_states.pi, episode_starts)
        logs = log_softmax(answer["policy"], 1)
        return answer["value"], logs.gather(1, actions[:, None])[:, 0], -(logs.exp() * logs).sum(1)

    def get_distribution(  # type: ignore[override]
        self, obs: Shaped[Tensor, "n c h w"], lstm_states: Cells, episode_starts: Float[Tensor, "n"]
    ) -> tuple[Distribution, Cells]:
        """The action distribution as SB3's own object, and the next memory."""
        answer, after = self._answer(obs, lstm_states, episode_starts)
        return self.action_dist.proba_distribution(action_logits=answer["policy"]), after

    def predict_values(  # type: ignore[override]
        self, obs: Shaped[Tensor, "n c h w"], lstm_states: Cells, episode_starts: Float[Tensor, "n"]
    ) -> Float[Tensor, "n 1"]:
        """The value of each observation."""
        return self._answer(obs, lstm_states, episode_starts)[0]["value"]

    def _answer(
        self, obs: Shaped[Tensor, "nt c h w"], cells: Cells, starts: Float[Tensor, "nt"]
    ) -> tuple[dict[str, Tensor], Cells]:
        sequences = cells[0].shape[1]
        going = 1 - starts.reshape(sequences, -1)[:, :1, None]
        memory = torch.stack([part[0] for part in cells], 1) * going
        seen = obs.float() if self.scale == 1 else obs.float() / self.scale
        steps = seen.unflatten(0, (sequences, -1)).swapaxes(0, 1)
        said, after = self.network.over(steps, memory)
        by_sequence = {
            head: out.unflatten(0, steps.shape[:2]).swapaxes(0, 1).flatten(0, 1) for head, out in said.items()
        }
        return by_sequence, (after[None, :, 0].contiguous(), after[None, :, 1].contiguous())
