"""Cache of the pairs of a data set."""

from __future__ import annotations

from leukokit.audit.pairs.pair import PairTable
from leukokit.engine.cache.serialization import Codec, record_codec

PAIR_TABLE: Codec[PairTable] = record_codec(PairTable)
"""Serialization of a pair table in the cache."""
