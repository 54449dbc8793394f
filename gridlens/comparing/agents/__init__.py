"""Agents, or snapshots of one, compared: what they do, where they part, what each knows and uses, how alike inside."""

from gridlens.comparing.agents.making import compare_agents

__all__ = ["compare_agents"]
