"""Results into pages: sections, figures, one-file reports, galleries. Computes no science."""
