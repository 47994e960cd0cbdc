"""Answers of probes in the cache: their support vector machines are most of an audit that is made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

from leukokit.api import FloatArray
from leukokit.audit.findings import Level, Limit
from leukokit.audit.probes.probe import Probe, Subject, probe
from leukokit.engine.cache.keys import array_digest, digest, library_versions
from leukokit.engine.cache.memo import memo
from leukokit.engine.cache.serialization import json_codec
from leukokit.engine.cache.store import Store

REVISION = 2
"""Raised when probes answer otherwise from the same numbers."""
_PROBE = json_codec(asdict, lambda fields: Probe(**{**fields, "level": Level(fields["level"])}))


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
    ask = partial(probe, name, what, blocks, subject, limit)
    return memo(key, ask, _PROBE, store=store, title=f"probe {name}")


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
