"""File paths of a recipe written out whole, so that it can be run again from another folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel


def dumped(model: BaseModel, *, absolute: bool) -> dict[str, Any]:
    """Content of a model as JSON can say it.

    Parameters
    ----------
    absolute : bool
        Write relative file paths as absolute ones, which start at the current directory.
    """
    plain = model.model_dump(mode="json")
    if absolute:
        plain = _absolute(plain, model.model_dump())
    return plain


def _absolute(plain: Any, typed: Any) -> Any:
    """Give ``plain`` with the paths of ``typed``, the same content before it became JSON."""
    if isinstance(typed, Path):
        return str(typed.absolute())
    if isinstance(typed, Mapping) and isinstance(plain, dict):
        return {name: _absolute(value, typed.get(name)) for name, value in plain.items()}
    if isinstance(typed, (list, tuple)) and isinstance(plain, list):
        return [_absolute(one, other) for one, other in zip(plain, typed, strict=True)]
    return plain
