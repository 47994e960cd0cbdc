"""Published data sets of blood cells, and one vocabulary of their classes."""
