"""Images that are unlike the training data: distances in features, stain and scale, and their limits."""
