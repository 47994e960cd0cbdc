"""Cache of the pairs of a data set."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from leukokit.audit.pairs.pair import MatchedPair, NeighborCount, PairCounts, PairKind, PairTable
from leukokit.engine.cache.serialization import Codec, json_codec


def _pair_table(fields: dict[str, Any]) -> PairTable:
    return PairTable(
        images=fields["images"],
        pairs=tuple(MatchedPair(**{**pair, "kind": PairKind(pair["kind"])}) for pair in fields["pairs"]),
        neighbors=tuple(
            NeighborCount(count["label"], count["lag"], PairCounts(**count["compared"]))
            for count in fields["neighbors"]
        ),
        random=PairCounts(**fields["random"]),
    )


PAIR_TABLE: Codec[PairTable] = json_codec(asdict, _pair_table)
"""Serialization of a pair table in the cache."""
