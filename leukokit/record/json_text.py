"""The form of every JSON file of a run directory."""

from __future__ import annotations

import json
from typing import Any


def json_bytes(value: Any) -> bytes:
    """Write JSON with sorted keys, so that the same value gives the same bytes.

    Raises
    ------
    ValueError
        For NaN and infinity, which JSON does not have.
    """
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    # Ids of images may hold bytes that are no UTF-8; they are written as they are.
    return (text + "\n").encode("utf-8", "surrogateescape")
