"""The steps of ``smear_cells``, one per module. Lengths are fractions of a red cell's diameter."""
