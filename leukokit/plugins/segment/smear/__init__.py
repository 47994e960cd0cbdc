"""The steps of ``smear_cells``, one idea a module; lengths are shares of a red cell's diameter."""
