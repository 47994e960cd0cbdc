"""A small U-Net that redraws what ``smear_cells`` found: its input, training, and use with NumPy alone."""
