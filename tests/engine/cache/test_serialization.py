"""What goes into the cache comes out the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leukokit.api import Labels, Status
from leukokit.engine.cache import serialization as payload


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_images_round_trip(image: np.ndarray) -> None:
    """Pixels come back equal and read-only."""
    back = payload.image_from_bytes(payload.image_to_bytes(image))
    assert np.array_equal(back, image)
    assert not back.flags.writeable


@given(
    st.sampled_from([0, 255, 256, 65_535, 65_536, 2**31 - 1]).flatmap(
        lambda most: arrays(np.int32, (2, 5, 7), elements=st.integers(0, most))
    ),
    st.sampled_from(list(Status)),
)
def test_labels_round_trip(stack: np.ndarray, status: Status) -> None:
    """Roles, ids and status come back, however many bytes an id takes; the status can be read alone."""
    data = payload.labels_to_bytes(Labels({"nucleus": stack[0], "cell": stack[1]}, status))
    back = payload.labels_from_bytes(data)
    assert np.array_equal(back.nucleus, stack[0])
    assert np.array_equal(back.cell, stack[1])
    assert back.nucleus.dtype == np.int32
    assert not back.cell.flags.writeable
    assert back.status is payload.labels_status(data) is status


@given(arrays(np.float64, st.integers(0, 6)), st.sampled_from([None, *Status]))
def test_vectors_round_trip(values: np.ndarray, status: Status | None) -> None:
    """Every bit of every number comes back, NaN included."""
    back, seen = payload.vector_from_bytes(
        payload.vector_to_bytes(values, status, "names"), "names", len(values)
    )
    assert back.tobytes() == values.tobytes()
    assert seen is status


@given(
    arrays(np.float64, st.tuples(st.integers(0, 5), st.integers(0, 4))),
    st.lists(st.sampled_from([None, *Status]), min_size=5, max_size=5),
)
def test_many_vectors_are_those_read_one_by_one(table: np.ndarray, statuses: list[Status | None]) -> None:
    """Together or alone: the same bits and statuses, in order."""
    rows = [
        payload.vector_to_bytes(row, status, "names") for row, status in zip(table, statuses, strict=False)
    ]
    values, seen = payload.vectors_from_bytes(rows, "names", table.shape[1])
    alone = [payload.vector_from_bytes(row, "names", table.shape[1]) for row in rows]
    assert [row.tobytes() for row in values] == [one.tobytes() for one, _ in alone]
    assert seen == [status for _, status in alone]


def test_vectors_of_different_lengths_are_no_table() -> None:
    """One step gives each image as many numbers."""
    rows = [payload.vector_to_bytes(np.zeros(n), None, "names") for n in (2, 3)]
    with pytest.raises(ValueError, match="another length"):
        payload.vectors_from_bytes(rows, "names", 2)


def test_a_vector_of_other_columns_is_refused() -> None:
    """Names in another order are other columns, though there are as many of them."""
    assert payload.columns_key(["a", "b"]) != payload.columns_key(["b", "a"])
    row = payload.vector_to_bytes(np.zeros(2), None, payload.columns_key(["a", "b"]))
    with pytest.raises(ValueError, match="other columns"):
        payload.vector_from_bytes(row, payload.columns_key(["b", "a"]), 2)
