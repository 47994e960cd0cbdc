"""How large a red cell is in each image, measured before any other step."""
