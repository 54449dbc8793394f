"""Attribution made into a page: inputs and targets chosen, every method asked and judged, all kept in a run folder."""
