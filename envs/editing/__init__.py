"""States changed, written and read, within the laws of their world."""
