"""Color profiles: from the colors of a file to sRGB."""
