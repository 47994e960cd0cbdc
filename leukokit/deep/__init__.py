"""Keras networks: a backbone becomes a classifier or a feature extractor."""
