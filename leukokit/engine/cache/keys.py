"""Content keys: what a cached result depends on, and nothing else.

A key never holds a path, a modification time or the number of workers. It holds the content of the image, the
component with its revision, parameters and learnt state, the key of the step before, and the versions of the
libraries that compute.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

LAYOUT = 1
"""Raised when the meaning of keys or payloads changes; older cache entries are then left alone."""

# Libraries whose version can change a pixel or a coefficient.
_COMPUTING = (
    "numpy",
    "opencv-python-headless",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "simplejpeg",
    "pillow",
)

# Modules whose mention in a component's ``requires`` says that a network computes; what it computes depends
# on all of them, since Keras hands its work to one of the others.
_DEEP_MODULES = frozenset({"keras", "tensorflow", "jax", "torch"})
_DEEP = ("keras", "tensorflow", "tensorflow-cpu", "jax", "jaxlib", "torch")


@cache
def library_versions() -> tuple[tuple[str, str], ...]:
    """Name and version of every library whose version can change a result."""
    return tuple((name, _version(name) or "absent") for name in _COMPUTING)


def deep_versions(requires: Collection[str]) -> dict[str, str]:
    """Versions of the deep-learning libraries, and the backend, where ``requires`` names one of them.

    Returns
    -------
    dict
        Empty where it names none: results that no network computed outlive updates of these libraries.
    """
    if not {name.split(".")[0] for name in requires} & _DEEP_MODULES:
        return {}
    found = {name: installed for name in _DEEP if (installed := _version(name)) is not None}
    return {**found, "backend": os.environ.get("KERAS_BACKEND", "tensorflow")}


@cache
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def digest(*parts: object) -> str:
    """Hash JSON-able parts to 32 hexadecimal digits (BLAKE2b, 128 bits)."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()


def array_digest(array: NDArray[Any]) -> str:
    """Hash an array's dtype, shape and values."""
    whole = np.ascontiguousarray(array)
    head = f"{whole.dtype.str}{whole.shape}".encode()
    state = hashlib.blake2b(head, digest_size=16)
    state.update(whole.tobytes())
    return state.hexdigest()


def state_digest(state: Mapping[str, NDArray[Any]]) -> str:
    """Hash what a component has learnt."""
    return digest([(name, array_digest(state[name])) for name in sorted(state)])


def sample_seed(seed: int, step: str, sample_key: str) -> np.random.SeedSequence:
    """Seed of one stochastic step on one sample: (seed, step, sample), so order and workers cannot matter."""
    return np.random.SeedSequence([seed, int(digest(step, sample_key), 16)])
