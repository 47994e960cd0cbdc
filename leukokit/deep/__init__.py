"""Keras networks: classifiers and feature extractors from a backbone."""
