"""Pairs of a data set in the cache."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from leukokit.engine.store import Store
from leukokit.evaluation.audit.pairs import Compared, NeighborCount, Pair, PairKind, PairTable

_FILE = "pairs.json"


def keep_pairs(store: Store, key: str, table: PairTable) -> None:
    """Keep a table under ``key``."""
    with tempfile.TemporaryDirectory(prefix="leukokit-") as folder:
        (Path(folder) / _FILE).write_text(json.dumps(asdict(table)), encoding="utf-8")
        store.put_folder(key, f"pairs among {table.images} images", Path(folder))


def load_pairs(store: Store, key: str) -> PairTable | None:
    """Give the table that is kept under ``key``; None where there is none."""
    folder = store.get_folder(key)
    if folder is None:
        return None
    table = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return PairTable(
        images=table["images"],
        pairs=tuple(Pair(**{**pair, "kind": PairKind(pair["kind"])}) for pair in table["pairs"]),
        neighbors=tuple(
            NeighborCount(each["label"], each["lag"], Compared(**each["compared"]))
            for each in table["neighbors"]
        ),
        random=Compared(**table["random"]),
    )
