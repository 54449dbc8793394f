"""Speed beside a peer: same conditions, alternating in one run, medians."""
