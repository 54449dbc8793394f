"""The page of compared populations: what it is made from, its figures, finding and caveats."""
