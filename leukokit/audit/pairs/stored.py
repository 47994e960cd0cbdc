"""Pairs of a data set in the cache."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from leukokit.audit.pairs.pair import Compared, NeighborCount, Pair, PairKind, PairTable
from leukokit.engine.cache.serialization import Codec, json_codec


def _pair_table(fields: dict[str, Any]) -> PairTable:
    return PairTable(
        images=fields["images"],
        pairs=tuple(Pair(**{**pair, "kind": PairKind(pair["kind"])}) for pair in fields["pairs"]),
        neighbors=tuple(
            NeighborCount(each["label"], each["lag"], Compared(**each["compared"]))
            for each in fields["neighbors"]
        ),
        random=Compared(**fields["random"]),
    )


PAIR_TABLE: Codec[PairTable] = json_codec(asdict, _pair_table)
"""How a table of pairs is kept."""
