"""Keys depend on content and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.engine.cache.keys import array_digest, deep_versions, digest, sample_seed, state_digest


def test_key_order_does_not_matter() -> None:
    """Two mappings that are equal have one digest."""
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("a", "b"),
    [((1,), ("1",)), ((1, 2), ((1, 2),)), (("ab", "c"), ("a", "bc")), ((None,), ("None",)), ((1,), (1.0,))],
)
def test_different_parts_have_different_digests(a: tuple[object, ...], b: tuple[object, ...]) -> None:
    """Types and borders between parts count."""
    assert digest(*a) != digest(*b)


def test_array_digest_sees_shape_and_dtype() -> None:
    """The same bytes as another array are another array."""
    zeros = np.zeros((2, 3), np.uint8)
    others = [zeros.reshape(3, 2), zeros.astype(np.int8), zeros + 1]
    assert len({array_digest(each) for each in [zeros, *others]}) == 4
    assert array_digest(np.asfortranarray(zeros)) == array_digest(zeros)


def test_state_digest_ignores_order() -> None:
    """What was learnt is a mapping, not a list."""
    a, b = np.arange(3), np.ones(2)
    assert state_digest({"a": a, "b": b}) == state_digest({"b": b, "a": a}) != state_digest({"a": b, "b": a})


def test_sample_seeds_differ_by_seed_step_and_sample() -> None:
    """Each (seed, step, sample) has a generator of its own, the same every time."""
    draws = {
        args: np.random.default_rng(sample_seed(*args)).integers(2**62)
        for args in [(1, "s", "x"), (2, "s", "x"), (1, "t", "x"), (1, "s", "y")]
    }
    assert len(set(draws.values())) == 4
    assert np.random.default_rng(sample_seed(1, "s", "x")).integers(2**62) == draws[1, "s", "x"]


def test_only_networks_depend_on_deep_learning_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no network keeps its results when one is updated; the backend counts for what does."""
    assert deep_versions(()) == {}
    assert deep_versions(("pandas", "tensor")) == {}
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    found = deep_versions(("keras.applications",))
    assert found["backend"] == "jax"
    monkeypatch.delenv("KERAS_BACKEND")
    assert deep_versions(("tensorflow",)) == {**found, "backend": "tensorflow"}
