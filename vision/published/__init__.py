"""What was published of neuron families, as data, and how well families that were found agree with it."""
