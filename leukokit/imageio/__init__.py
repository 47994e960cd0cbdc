"""Reading images: formats, damaged files, size limits, URLs."""
