"""All calls into components go through this package, guarded where the component is foreign."""
