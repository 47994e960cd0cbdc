"""Whatever a table holds, its readers give samples, parts or groups, or an error of ours, within a second."""

from __future__ import annotations

from pathlib import Path
from time import process_time

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leukokit.api import Part
from leukokit.engine.io.sample_files import read_group_file, read_split_file
from leukokit.errors import LeukokitError
from leukokit.plugins.datasets.table import TableDataset

SECONDS = 1.0

columns = st.sampled_from(
    ["id", "part", "group", "fold", "path", "label", "mask", "url", "pixel_size_um", "", "\ufeffid"]
)
cells = st.one_of(
    st.sampled_from(
        ["train", "test", "validation", "nan", "", "a.png", "../x", "1e999", "-0.5", '"', "=1+1"]
    ),
    st.text(max_size=12),
)
rows = st.lists(st.lists(cells, max_size=5), max_size=6)
delimiters = st.sampled_from([",", ";", "\t", ",,", "\x00"])


@st.composite
def table_bytes(draw: st.DrawFn) -> bytes:
    """Bytes that look like a table, or any bytes."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=200))
    between = draw(delimiters)
    lines = [draw(st.lists(columns, max_size=5)), *draw(rows)]
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(between.join(line) for line in lines)
    return text.encode(draw(st.sampled_from(["utf-8", "utf-16", "utf-8-sig"])), "replace")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table_bytes())
@example(b"id,part\r\rx,train")
@example(b'id,part\n"' + b"x" * 200_000)
def test_any_table_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    started = process_time()
    for read in (read_split_file, read_group_file):
        try:
            found = read(path)
        except LeukokitError as error:
            assert str(path) in str(error)  # noqa: PT017 - either outcome is right
        else:
            assert all(isinstance(name, str) for name in found)
            assert read is read_group_file or all(isinstance(part, Part) for part in found.values())
    try:
        samples = TableDataset.create(file=path).samples()
    except LeukokitError as error:
        assert error.what  # noqa: PT017
    else:
        assert len({sample.id for sample in samples}) == len(samples)
    assert process_time() - started < SECONDS
