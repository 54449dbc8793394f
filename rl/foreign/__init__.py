"""Agents that others trained: stable-baselines3 zips opened without running anything that is in them."""

from rl.foreign.opening import Foreign, load, open_zip
from rl.foreign.playing import Returns, evaluate, moments

__all__ = ["Foreign", "Returns", "evaluate", "load", "moments", "open_zip"]
