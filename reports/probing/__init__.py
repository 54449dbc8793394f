"""Pictures of what a network knows, when it came to know it, whether it uses it, and what it misreads."""
