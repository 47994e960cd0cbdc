"""What a component is, as part of a key."""

from __future__ import annotations

from typing import Any

from leukokit.api import Component
from leukokit.engine.cache.keys import deep_versions, digest
from leukokit.recipe import Bound


def identity(bound: Bound[Component]) -> dict[str, Any]:
    """Kind, name, distribution, revision, parameters and outside content of a component.

    Components that compute with a network also say which libraries do it, under ``libraries``.
    """
    known = {
        "kind": bound.entry.kind.name,
        "name": bound.entry.name,
        "distribution": bound.entry.distribution,
        "revision": bound.component.revision,
        "params": bound.params,
        "fingerprint": bound.component.fingerprint(),
    }
    libraries = deep_versions(bound.component.requires)
    return {**known, "libraries": libraries} if libraries else known


def identity_key(bound: Bound[Component]) -> str:
    """Digest of ``identity``."""
    return digest(identity(bound))
