"""Cache of probe results: their support vector machines take most of the time of a repeated audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

from leukokit.api import FloatArray
from leukokit.audit.findings import Limit
from leukokit.audit.probes.probe import ProbeData, ProbeResult, probe
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import array_digest, digest, library_versions
from leukokit.engine.cache.memo import memo
from leukokit.engine.cache.serialization import record_codec
from leukokit.engine.cache.store import Store

REVISION = 3
"""Increased whenever probes give other results for the same input."""
_PROBE = record_codec(ProbeResult)


def cached_probe(
    name: str,
    what: str,
    blocks: Mapping[str, FloatArray],
    data: ProbeData,
    limit: Limit,
    *,
    store: Store | None,
) -> ProbeResult:
    """Return the probe's result from the cache, or call :func:`probe` and store it."""
    if store is None:
        return probe(name, what, blocks, data, limit)
    key = _key(name, what, blocks, data, limit)
    run = partial(probe, name, what, blocks, data, limit)
    return memo(key, run, _PROBE, store=store, title=f"probe {name}")


def _key(name: str, what: str, blocks: Mapping[str, FloatArray], data: ProbeData, limit: Limit) -> str:
    return digest(
        "audit probe",
        REVISION,
        library_versions(),
        code_digest("leukokit.audit.probes.probe"),
        name,
        what,
        [(block, array_digest(values)) for block, values in blocks.items()],
        array_digest(data.labels),
        array_digest(data.groups),
        [(array_digest(fold.train), array_digest(fold.test)) for fold in data.folds],
        data.model.accuracy if data.model is not None else None,
        data.seed,
        asdict(limit),
    )
