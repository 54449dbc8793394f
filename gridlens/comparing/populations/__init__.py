"""Populations compared: agents alike but for their seed, beside those of other recipes; the unit is the agent."""

from gridlens.comparing.populations.making import compare_populations

__all__ = ["compare_populations"]
