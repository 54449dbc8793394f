"""Agents: train them, open them, play them, and find out what goal they learned."""
