"""Two networks side by side: units and families of one, and their counterparts in the other."""
