"""What every record of a run directory has in common: frozen, closed, and written back to the same bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StrictBool, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from leukokit.record.json_text import json_bytes

FORMAT = 1
"""Number of the form that these models describe; raised when a reader of old files could go wrong."""


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise PydanticCustomError("number", "Input should be a finite number")
    return value


def _cell(value: object) -> str | int | float | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise PydanticCustomError("cell", "Input should be a text, a finite number or null")
    return value


def _format(value: object) -> int:
    if value != FORMAT or isinstance(value, bool):
        raise PydanticCustomError(
            "format", "Input should be {known}, the format that this leukokit reads", {"known": FORMAT}
        )
    return FORMAT


# A whole number stays an int and 1.0 stays a float, or a file would not be written back to the same bytes.
Number: TypeAlias = Annotated[float, PlainValidator(_number, json_schema_input_type=float)]
Cell: TypeAlias = Annotated[
    str | float | None, PlainValidator(_cell, json_schema_input_type=str | float | None)
]
Count: TypeAlias = StrictInt
Text: TypeAlias = StrictStr
Flag: TypeAlias = StrictBool
Format: TypeAlias = Annotated[int, PlainValidator(_format, json_schema_input_type=int)]


class _LeftOutWhereNone:
    """Marks a field that is not written where it is None."""


_T = TypeVar("_T")
OrAbsent: TypeAlias = Annotated[_T | None, _LeftOutWhereNone()]
"""A value that the file lacks where there is none; other fields are null there."""


class Record(BaseModel):
    """Part of a JSON file of a run directory.

    A field that a file lacks has its default and is not written: reading and writing gives the same bytes.
    A field that is :data:`OrAbsent` is never written as null.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False
    )

    def plain(self) -> dict[str, Any]:
        """Give dicts, lists and plain values, ready for JSON; fields that were never set are left out."""
        content = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            absent = value is None and any(isinstance(mark, _LeftOutWhereNone) for mark in field.metadata)
            if name in self.model_fields_set and not absent:
                content[name] = _plain(value)
        return content

    def to_bytes(self) -> bytes:
        """Give the content of the file: keys sorted, indented by 2; the same record gives the same bytes."""
        return json_bytes(self.plain())


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.plain()
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.value if isinstance(value, Enum) else value


def described(text: str) -> Any:
    """Give a field that a file may lack: None where it does."""
    return Field(default=None, description=text)
