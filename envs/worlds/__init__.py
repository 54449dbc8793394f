"""The worlds, one a file; ``envs.registry.WORLDS`` is their table."""
