"""The table of cells of a run, one row a cell, and its files: label images and outlines."""
