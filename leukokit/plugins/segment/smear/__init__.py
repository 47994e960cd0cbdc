"""The steps of ``smear_cells``, one a module. Lengths are fractions of a red cell's diameter."""
