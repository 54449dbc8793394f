"""The attribution page: maps side by side, methods ranked, sanity checks, the finding and the doubts by rule."""
