"""Play without learning: ceilings, floors, and what is measured of play."""
