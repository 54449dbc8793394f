"""Comparisons of anything with anything: what was tested and corrected, the finding, the doubts, and their figures."""
