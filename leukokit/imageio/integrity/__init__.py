"""Checks of whole files, which decoders do not make: one module for each format."""
