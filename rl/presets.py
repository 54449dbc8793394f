"""Training set-ups that are known to learn, with what they take and reach: one visible table."""

from collections.abc import Mapping
from dataclasses import dataclass

from rl.training import TrainConfig


@dataclass(frozen=True)
class Preset:
    """A configuration, what it is for, and what was measured with it."""

    config: TrainConfig
    purpose: str
    measured: str


PRESETS: Mapping[str, Preset] = {
    "cheese-corner": Preset(
        TrainConfig(dials={"size": 9, "rand_region": 1}, steps=500_000, learning_rate=2e-3),
        "cheese always in the top-right corner: what does the agent want when it lies elsewhere?",
        "",
    ),
    "cheese-anywhere": Preset(
        TrainConfig(dials={"size": 9, "rand_region": 63}, steps=800_000, learning_rate=2e-3),
        "the same with the cheese anywhere: wanting the corner does not pay",
        "",
    ),
}
"""Name to preset."""
