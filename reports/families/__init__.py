"""A run of family search into a site of pages: families as rings, strips and grids, with what speaks for them."""
