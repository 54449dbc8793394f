"""One network, many questions: subjects, targets, activations, attribution, probing, run folders."""
