"""Natural half: the real images that drive each unit, where in them, and how strongly."""
