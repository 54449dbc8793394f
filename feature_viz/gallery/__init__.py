"""A gallery as a run folder: planned, made batch by batch, resumed, grown."""
