"""``cells.parquet``: written in pieces, so that memory does not grow with the number of cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from leukokit.api import CellColumn, FloatArray
from leukokit.engine.cell_table.columns import KINDS, SAMPLE_COLUMNS, WHOLE_NUMBERS
from leukokit.engine.cell_table.measure import BORDER
from leukokit.engine.io.files import draft
from leukokit.notice import NOTICE

ROW_GROUP = 16_384
"""Cells that are written, and can be read, together."""

_TEXTS = frozenset({"kind", "status", *(column.name for column in SAMPLE_COLUMNS)})


def cells_schema(measured: Sequence[CellColumn], stamp: str | None) -> pa.Schema:
    """Give the schema; unit and description of a column are in the metadata of its field.

    Parameters
    ----------
    measured : sequence of CellColumn
        Columns after the ``SAMPLE_COLUMNS``.
    stamp : str or None
        What every output of synthetic images says.
    """
    note = {"leukokit.notice": NOTICE, **({"leukokit.stamp": stamp} if stamp else {})}
    fields = [
        pa.field(
            column.name,
            _type(column.name),
            metadata={"unit": column.unit, "description": column.description},
        )
        for column in (*SAMPLE_COLUMNS, *measured)
    ]
    return pa.schema(fields, metadata=note)


def _type(name: str) -> pa.DataType:
    if name in _TEXTS:
        return pa.string()
    return pa.int32() if name in WHOLE_NUMBERS else pa.float64()


@dataclass
class CellTableFile:
    """Takes the tables of one image after the other, and writes a row group whenever there is enough.

    Where a group ends depends on the number of cells only, so the same cells give the same bytes.
    """

    writer: pq.ParquetWriter
    schema: pa.Schema
    texts: list[list[str | None]] = field(default_factory=lambda: [[] for _ in SAMPLE_COLUMNS])
    blocks: list[FloatArray] = field(default_factory=list)
    rows: int = 0

    def add(self, sample: Mapping[str, str | None], table: FloatArray) -> None:
        """Add the cells of one image.

        Parameters
        ----------
        sample : mapping of str to str or None
            Its value of each of the ``SAMPLE_COLUMNS``.
        table : float64 array (n, k)
        """
        for values, column in zip(self.texts, SAMPLE_COLUMNS, strict=True):
            values += [sample[column.name]] * len(table)
        self.blocks.append(table)
        self.rows += len(table)
        while self.rows >= ROW_GROUP:
            self._write(ROW_GROUP)

    def close(self) -> None:
        """Write the last cells; a table without cells has columns and no rows."""
        self._write(self.rows)

    def _write(self, count: int) -> None:
        whole = np.concatenate(self.blocks) if self.blocks else np.zeros((0, len(self._measured())))
        texts = [values[:count] for values in self.texts]
        numbers = [_array(column.name, whole[:count, index]) for index, column in enumerate(self._measured())]
        columns: list[Any] = [*(pa.array(values, pa.string()) for values in texts), *numbers]
        self.writer.write_table(pa.Table.from_arrays(columns, schema=self.schema))
        self.texts = [values[count:] for values in self.texts]
        self.blocks, self.rows = [whole[count:]], self.rows - count

    def _measured(self) -> list[pa.Field]:
        return list(self.schema)[len(SAMPLE_COLUMNS) :]


def _array(name: str, values: FloatArray) -> pa.Array:
    if name == "kind":
        return pa.array([KINDS[int(code)].value for code in values], pa.string())
    if name == "status":
        return pa.array(np.where(values == BORDER, "border", "whole").tolist(), pa.string())
    if name in WHOLE_NUMBERS:
        return pa.array(values.astype(np.int32))
    return pa.array(np.ascontiguousarray(values), from_pandas=True)


@contextmanager
def cell_table_file(path: Path, measured: Sequence[CellColumn], stamp: str | None) -> Iterator[CellTableFile]:
    """Open the file; it gets its name when the block ends without an error.

    Parameters
    ----------
    path : Path
    measured, stamp
        As of :func:`cells_schema`.
    """
    schema = cells_schema(measured, stamp)
    # Measurements are hardly ever equal: dictionaries of them would cost time and space.
    texts = [name for name in schema.names if name in _TEXTS]
    with (
        draft(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=texts) as writer,
    ):
        table = CellTableFile(writer, schema)
        yield table
        table.close()
