"""Pairs of a data set in the cache."""

from __future__ import annotations

import json
from dataclasses import asdict

from leukokit.audit.pairs.pair import Compared, NeighborCount, Pair, PairKind, PairTable
from leukokit.engine.cache.store import Store


def keep_pairs(store: Store, key: str, table: PairTable) -> None:
    """Keep a table under ``key``."""
    store.put_file(key, f"pairs among {table.images} images", json.dumps(asdict(table)).encode())


def load_pairs(store: Store, key: str) -> PairTable | None:
    """Give the table that is kept under ``key``; None where there is none."""
    content = store.get_file(key)
    if content is None:
        return None
    table = json.loads(content)
    return PairTable(
        images=table["images"],
        pairs=tuple(Pair(**{**pair, "kind": PairKind(pair["kind"])}) for pair in table["pairs"]),
        neighbors=tuple(
            NeighborCount(each["label"], each["lag"], Compared(**each["compared"]))
            for each in table["neighbors"]
        ),
        random=Compared(**table["random"]),
    )
