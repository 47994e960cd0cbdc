"""What a component is, as part of a key."""

from __future__ import annotations

from typing import Any

from leukokit.api import Component
from leukokit.engine.keys import digest
from leukokit.recipe import Bound


def identity(bound: Bound[Component]) -> dict[str, Any]:
    """Kind, name, distribution, revision, parameters and outside content of a component."""
    return {
        "kind": bound.entry.kind.value,
        "name": bound.entry.name,
        "distribution": bound.entry.distribution,
        "revision": bound.component.revision,
        "params": bound.params,
        "fingerprint": bound.component.fingerprint(),
    }


def identity_key(bound: Bound[Component]) -> str:
    """Digest of ``identity``."""
    return digest(identity(bound))
