"""Answers of probes in the cache: their support vector machines are most of an audit that is made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from leukokit.api import FloatArray
from leukokit.audit.findings import Level, Limit
from leukokit.audit.probes.probe import Probe, Subject, probe
from leukokit.engine.cache.keys import array_digest, digest, library_versions
from leukokit.engine.cache.store import Store

REVISION = 2
"""Raised when probes answer otherwise from the same numbers."""


def kept_probe(
    name: str,
    what: str,
    blocks: Mapping[str, FloatArray],
    subject: Subject,
    limit: Limit,
    *,
    store: Store | None,
) -> Probe:
    """Take the probe's answer from the cache, or ask :func:`probe` and keep it."""
    if store is None:
        return probe(name, what, blocks, subject, limit)
    key = _key(name, what, blocks, subject, limit)
    content = store.get_file(key)
    if content is not None:
        kept = json.loads(content)
        return Probe(**{**kept, "level": Level(kept["level"])})
    found = probe(name, what, blocks, subject, limit)
    store.put_file(key, f"probe {name}", json.dumps(asdict(found)).encode())
    return found


def _key(name: str, what: str, blocks: Mapping[str, FloatArray], subject: Subject, limit: Limit) -> str:
    return digest(
        "audit probe",
        REVISION,
        library_versions(),
        name,
        what,
        [(block, array_digest(values)) for block, values in blocks.items()],
        array_digest(subject.labels),
        array_digest(subject.groups),
        [(array_digest(fold.train), array_digest(fold.test)) for fold in subject.divisions],
        asdict(subject.model) if subject.model is not None else None,
        subject.seed,
        asdict(limit),
    )
