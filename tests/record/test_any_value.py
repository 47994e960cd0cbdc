"""Whatever a file of a run directory holds, reading gives a record or an error of ours, within a second."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leukokit.errors import LeukokitError
from leukokit.record.files import ALL, RecordFile

SECONDS = 1.0

plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([10**400, "nan", "\ud800", "\u202e", "2026-01-01T00:00:00Z", "a" * 64, 1e308]),
)


def field_names(schema: Any) -> set[str]:
    """Names of all fields of a record and of the records in it."""
    if isinstance(schema, list):
        return set().union(*map(field_names, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", {})) | set().union(*map(field_names, schema.values()))


def values(file: RecordFile[Any]) -> st.SearchStrategy[Any]:
    """JSON values whose objects have the names of the record's fields, each with any value."""
    names = st.sampled_from(sorted({*field_names(file.model.model_json_schema()), "", "test"}))
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(names, inner, max_size=5),
            st.dictionaries(st.text(max_size=4), inner, max_size=2),
        ),
        max_leaves=12,
    )


@pytest.mark.parametrize("file", ALL, ids=lambda file: file.name)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_is_a_record_or_refused(tmp_path: Path, file: RecordFile[Any], data: st.DataObject) -> None:
    path = tmp_path / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    value = data.draw(values(file))
    path.write_bytes(json.dumps(value).encode("utf-8", "surrogateescape"))
    started = process_time()
    try:
        record = file.read(tmp_path)
    except LeukokitError as error:
        assert str(path) in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(record, file.model)
    assert process_time() - started < SECONDS


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=100), st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_any_bytes_are_a_record_or_refused(tmp_path: Path, content: bytes) -> None:
    for file in ALL[:2]:
        (tmp_path / file.name).write_bytes(content)
        try:
            file.read(tmp_path)
        except LeukokitError as error:
            assert file.name in str(error)  # noqa: PT017 - either outcome is right
