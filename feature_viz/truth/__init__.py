"""Is a picture telling the truth: one score a file, and scores.py over all."""
