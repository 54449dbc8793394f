"""Image classifiers: networks, data and the questions asked of them."""
