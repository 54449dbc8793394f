"""How well families of neurons are found: planted truth, published truth, and agreement of two methods."""
