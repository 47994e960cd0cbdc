"""Results kept on disk by what they depend on."""
