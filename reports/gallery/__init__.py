"""A gallery's run folder into a site of pages."""
