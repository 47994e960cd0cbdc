"""The parameter ``extensions`` of data sets that look for files in folders."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator


def _with_dot(value: tuple[str, ...]) -> tuple[str, ...]:
    for extension in value:
        if not extension.startswith(".") or len(extension) < 2:
            raise ValueError(f"an extension starts with a dot, such as '.png'; got {extension!r}")
    return value


Extensions: TypeAlias = Annotated[tuple[str, ...], AfterValidator(_with_dot)]
"""Ends of file names, each with its dot."""
