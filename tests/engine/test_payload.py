"""What goes into the cache comes out the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leukokit.api import Labels, Status
from leukokit.engine import payload


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_images_round_trip(image: np.ndarray) -> None:
    """Pixels come back equal and read-only."""
    back = payload.image_from_bytes(payload.image_to_bytes(image))
    assert np.array_equal(back, image)
    assert not back.flags.writeable


@given(arrays(np.int32, (2, 5, 7), elements=st.integers(0, 2**31 - 1)), st.sampled_from(list(Status)))
def test_labels_round_trip(stack: np.ndarray, status: Status) -> None:
    """Roles, ids and status come back; the status can be read alone."""
    data = payload.labels_to_bytes(Labels({"nucleus": stack[0], "cell": stack[1]}, status))
    back = payload.labels_from_bytes(data)
    assert np.array_equal(back.nucleus, stack[0])
    assert np.array_equal(back.cell, stack[1])
    assert back.nucleus.dtype == np.int32
    assert back.status is payload.labels_status(data) is status


@given(arrays(np.float64, st.integers(0, 6)), st.sampled_from([None, *Status]))
def test_vectors_round_trip(values: np.ndarray, status: Status | None) -> None:
    """Every bit of every number comes back, NaN included."""
    back, seen = payload.vector_from_bytes(payload.vector_to_bytes(values, status))
    assert back.tobytes() == values.tobytes()
    assert seen is status
