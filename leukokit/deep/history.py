"""History of a training by epoch, as a table and for TensorBoard."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from leukokit.deep.runtime import INSTALL_HINT
from leukokit.errors import LeukokitError

HISTORY_FILE = "history.csv"


def write_history(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write one row per epoch to ``history.csv``."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with (folder / HISTORY_FILE).open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, names, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def check_tensorboard() -> None:
    """Check that logs for TensorBoard can be written.

    Raises
    ------
    LeukokitError
        Where TensorFlow or TensorBoard is not installed.
    """
    absent = [name for name in ("tensorflow", "tensorboard") if find_spec(name) is None]
    if absent:
        raise LeukokitError(
            f"logs for TensorBoard need {' and '.join(absent)}, not installed here",
            hint=f"{INSTALL_HINT}, or tensorboard: false",
        )


def write_scalars(folder: Path, rows: Sequence[dict[str, Any]], *, after: int) -> int:
    """Write the rows from index ``after`` on as TensorBoard scalars; return the number of rows."""
    import tensorflow as tf

    writer = tf.summary.create_file_writer(str(folder / "tensorboard"))
    with writer.as_default():
        for step, row in list(enumerate(rows, start=1))[after:]:
            for name, value in row.items():
                if isinstance(value, float):
                    tf.summary.scalar(name, value, step=step)
    writer.close()
    return len(rows)
