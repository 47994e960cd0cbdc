"""The option ``--data``, which several commands have."""

from __future__ import annotations

import click

data_option = click.option(
    "--data",
    metavar="PATH|NAME",
    help="Other data in place of the recipe's: a folder of class folders, a table (.csv, .tsv, .txt, .xlsx), "
    "or the name of a data set. Relative paths start at the current directory.",
)
