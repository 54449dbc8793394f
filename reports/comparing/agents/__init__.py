"""The page of compared agents, or of snapshots of one: what it is made from, its figures, finding and caveats."""
