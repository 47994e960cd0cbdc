"""Cache of the pairs of a data set."""

from __future__ import annotations

import json
from dataclasses import asdict

from leukokit.audit.pairs.pair import ImagePair, NeighborCount, PairCounts, PairKind, PairTable
from leukokit.engine.cache.store import Store


def keep_pairs(store: Store, key: str, table: PairTable) -> None:
    """Store a table under ``key``."""
    store.put_file(key, f"pairs among {table.images} images", json.dumps(asdict(table)).encode())


def load_pairs(store: Store, key: str) -> PairTable | None:
    """Return the table stored under ``key``; None where there is none."""
    content = store.get_file(key)
    if content is None:
        return None
    table = json.loads(content)
    return PairTable(
        images=table["images"],
        pairs=tuple(ImagePair(**{**pair, "kind": PairKind(pair["kind"])}) for pair in table["pairs"]),
        neighbors=tuple(
            NeighborCount(count["label"], count["lag"], PairCounts(**count["compared"]))
            for count in table["neighbors"]
        ),
        random=PairCounts(**table["random"]),
    )
