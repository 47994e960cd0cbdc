"""Checks of whole files that decoders leave out: one module for each format."""
