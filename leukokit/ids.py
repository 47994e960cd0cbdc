"""Ids of images as text: file names may hold bytes that are no UTF-8."""

from __future__ import annotations


def utf8(text: object) -> bytes:
    r"""UTF-8 of text; bytes that were no text (lone surrogates) become their codes, as ``\udcff``."""
    return str(text).encode("utf-8", "backslashreplace")


def written_id(name: object) -> str:
    """Id as the tables of a run directory write it, so that it can be looked up there."""
    return utf8(name).decode("utf-8")
