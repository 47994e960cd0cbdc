"""Images of several labs, what is known of them, and how a segmentation is scored against it."""
