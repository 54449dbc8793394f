"""Studies: open questions about trained agents, each answered by one command as a page with its numbers."""
