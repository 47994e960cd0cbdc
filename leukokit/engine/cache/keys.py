"""Content keys: what a cached result depends on, and nothing else.

A key holds the content of the image, the component with its code, version, revision, parameters and learned
state, the key of the step before, and the versions of the libraries that compute. It never holds a path, a
modification time or the number of workers.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Component, Dataset
from leukokit.engine.cache.code import class_code
from leukokit.engine.components.call import call_method
from leukokit.recipe import Bound

LAYOUT = 1
"""Raised when the meaning of keys or payloads changes; older cache entries are then not used."""

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

# A component that names one of these modules in ``requires`` computes with a network. Its results depend on
# all of them, since Keras computes with one of the others.
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
        Empty where it names none: results that no network computed stay valid when these libraries change.
    """
    if not {name.split(".")[0] for name in requires} & _DEEP_MODULES:
        return {}
    versions = {name: installed for name in _DEEP if (installed := _version(name)) is not None}
    return {**versions, "backend": os.environ.get("KERAS_BACKEND", "tensorflow")}


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
    """Hash the learned state of a component."""
    return digest([(name, array_digest(state[name])) for name in sorted(state)])


def sample_seed(seed: int, step: str, sample_key: str) -> np.random.SeedSequence:
    """Seed of one stochastic step on one sample; it depends on neither the order nor the workers."""
    return np.random.SeedSequence([seed, int(digest(step, sample_key), 16)])


class Identity(TypedDict):
    """All that distinguishes a component from others, as part of a key and as JSON.

    Attributes
    ----------
    kind, name, distribution, version : str
        Kind and name in the catalog, and the distribution that installs it.
    code : str
        Digest of its source files: new code gives new results, whether or not its revision was raised.
    revision : int
    params : dict
        Parameters with every default.
    fingerprint : str
        Digest of content outside the parameters.
    libraries : dict of str to str
        Versions of the packages that its code imports or that it requires; of a network those of the
        libraries that compute it.
    """

    kind: str
    name: str
    distribution: str
    version: str
    code: str
    revision: int
    params: Mapping[str, Any]
    fingerprint: str
    libraries: Mapping[str, str]


def identity(bound: Bound[Component]) -> Identity:
    """Say what distinguishes a component of a recipe from others."""
    entry, component = bound.entry, bound.component
    code = class_code(type(component), component.requires)
    return {
        "kind": entry.kind.name,
        "name": entry.name,
        "distribution": entry.distribution,
        "version": entry.version,
        "code": code.digest,
        "revision": component.revision,
        "params": bound.params,
        "fingerprint": call_method(component, "fingerprint"),
        "libraries": {**dict(code.libraries), **deep_versions(component.requires)},
    }


def identity_key(bound: Bound[Component]) -> str:
    """Digest of ``identity``."""
    return digest(identity(bound))


def dataset_identity(dataset: Dataset) -> str:
    """Digest of what distinguishes a data set that no recipe names, such as a stand-in."""
    code = class_code(type(dataset), dataset.requires)
    parameters = dataset.params.model_dump_json()
    return digest(type(dataset).__qualname__, code.digest, code.libraries, dataset.revision, parameters)
