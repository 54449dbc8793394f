"""mlp-lstm and its like: one of the other networks, and behind it a memory [hochreiter1997]."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rl.networks.heads import Outputs, answers, attach

CELLS = 64


class Remembering(nn.Module):
    """``body``'s features through an LSTM of 64 cells; the heads read what comes out.

    The memory of one episode has the shape ``memory``: what the LSTM said last, and the state of its cells.
    """

    memory = (2, CELLS)
    width = CELLS

    def __init__(self, body: Callable[..., nn.Module], shape: tuple[int, int, int], outputs: Outputs) -> None:
        super().__init__()
        self.body = body(shape, {})
        self.lstm = nn.LSTM(self.body.width, CELLS)  # type: ignore[arg-type]
        self.recalled = nn.Identity()  # the LSTM's output as a layer: itself it answers with more
        attach(self, self.width, outputs)

    def forward(
        self, seen: Float[Tensor, "n c h w"], memory: Float[Tensor, "n 2 m"] | None = None
    ) -> dict[str, Tensor]:
        """One step of n episodes; without ``memory`` their first. The next memory is under "memory"."""
        before = seen.new_zeros(len(seen), 2, CELLS) if memory is None else memory
        said, after = self.over(seen[None], before)
        return said | {"memory": after}

    def over(
        self, seen: Float[Tensor, "t n c h w"], memory: Float[Tensor, "n 2 m"]
    ) -> tuple[dict[str, Tensor], Float[Tensor, "n 2 m"]]:
        """t steps of n episodes at once: the heads' outputs for all (t times n, k), and the memory after the last."""
        features = self.body.known(seen.flatten(0, 1)).unflatten(0, seen.shape[:2])  # type: ignore[operator]
        before = (memory[None, :, 0].contiguous(), memory[None, :, 1].contiguous())
        out, (said, cells) = self.lstm(features, before)
        return answers(self, self.recalled(out.flatten(0, 1))), torch.stack([said[0], cells[0]], 1)
