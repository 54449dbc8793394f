"""The page of a sweep: every agent a point or a line, settings beside each other."""
