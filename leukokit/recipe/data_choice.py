"""Other data for a recipe: ``--data PATH`` replaces the whole section ``data`` and the splits made for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from leukokit.api import Kind, is_url
from leukokit.catalog import Catalog
from leukokit.errors import UsageError
from leukokit.near_names import did_you_mean
from leukokit.recipe.document import Document, SourcePosition
from leukokit.recipe.overrides import set_value
from leukokit.recipe.protocol import KNOWN
from leukokit.recipe.stages import write_out

TABLES = (".csv", ".tsv", ".txt", ".xlsx")
"""Endings of tables of images."""

_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz")

RECIPES = (".yaml", ".yml", ".json")
"""Endings of recipes."""


@dataclass
class DataChange:
    """What other data change in a recipe.

    Attributes
    ----------
    changed : dict
        New values, by path.
    notes : list of str
        What a reader of the results should know.
    """

    changed: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def data_section(given: str | os.PathLike[str], catalog: Catalog) -> dict[str, Any]:
    """Section ``data`` of a recipe for a data set's name, a folder, a table, or a URL.

    Parameters
    ----------
    given : str or path
        A text that is the name of a data set names it, even beside a folder of that name; a path object is
        always a path. Relative paths start at the current directory and are made absolute, so that the recipe
        runs again from anywhere.
    catalog : Catalog
        The data sets that are installed.

    Raises
    ------
    UsageError
        Where it is none of these, with the nearest name.
    """
    names = [entry.name for entry in catalog.of(Kind.DATASET)]
    if isinstance(given, str) and given in names:
        return {"use": given, "params": {}}
    text = os.fspath(given)
    allowed = (
        "Expected a folder with one folder of images for each class, a table of images "
        f"({', '.join(TABLES)}), or the name of a data set ({', '.join(names)})"
    )
    _refuse_unprintable(text)
    if is_url(text):
        table = PurePosixPath(text.partition("?")[0]).suffix.lower() in TABLES
        return _section("table" if table else "folder", text)
    path = Path(text)
    if path.is_dir():
        return _section("folder", _absolute(path))
    suffix = path.suffix.lower()
    if not path.exists():
        near = did_you_mean(text, names) or did_you_mean(path.name, _beside(path))
        raise UsageError(f"there is no data set, folder or file {text!r}{near}", where="--data", hint=allowed)
    if suffix in TABLES:
        return _section("table", _absolute(path))
    what = "a recipe" if suffix in RECIPES else f"a file that ends in {suffix!r}" if suffix else "a file"
    if suffix in _ARCHIVES:
        allowed = "Unpack it, and name the folder that comes out of it"
    raise UsageError(f"{text!r} is {what}, which cannot be read as data", where="--data", hint=allowed)


def replace_data(document: Document, given: str | os.PathLike[str], catalog: Catalog) -> DataChange:
    """Put other data into a recipe, in place.

    Nothing of the old section is kept. Splits with a name or a file name images of the old data: where the
    data set is another one, they are taken out, so that the new data are split as they propose themselves.
    """
    change = DataChange()
    section = data_section(given, catalog)
    recipe = document.data
    if not isinstance(recipe, dict):
        return change  # the mistake is reported when the recipe is checked
    before = recipe.get("data")
    old = before.get("use") if isinstance(before, dict) else None
    set_value(document, ("data",), section, SourcePosition(f"--data {os.fspath(given)}"))
    write_out(document, catalog.kinds)
    change.changed["data"] = section
    if isinstance(old, str) and old != section["use"]:
        _drop_split(document, old, change)
        _drop_protocols(document, old, change)
    return change


def _section(use: str, place: str) -> dict[str, Any]:
    return {"use": use, "params": {"root" if use == "folder" else "file": place}}


def _absolute(path: Path) -> str:
    return str(path.resolve() if ".." in path.parts else path.absolute())


def _refuse_unprintable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{text!r} is no UTF-8 text and cannot stand in a recipe", where="--data", hint="Rename it"
        ) from None


def _beside(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.absolute().parent.iterdir()]
    except OSError:
        return []


def _drop_split(document: Document, old: str, change: DataChange) -> None:
    split = document.data.get("split")
    if not _of_the_data(split):
        return
    set_value(document, ("split",), None, document.position(("split",)))
    change.changed["split"] = None
    change.notes.append(_note([_title(split)], [], old))


def _drop_protocols(document: Document, old: str, change: DataChange) -> None:
    protocols = document.data.get("evaluate")
    if not isinstance(protocols, list):
        return
    dropped = [protocol for protocol in protocols if _is_protocol_of_the_data(protocol)]
    if not dropped:
        return
    kept = [protocol for protocol in protocols if protocol not in dropped]
    set_value(document, ("evaluate",), kept, document.position(("evaluate",)))
    change.changed["evaluate"] = kept
    change.notes.append(_note([_title(protocol) for protocol in dropped], [_title(one) for one in kept], old))


def _of_the_data(split: Any) -> bool:
    return isinstance(split, str) or (isinstance(split, dict) and split.get("method") in ("named", "file"))


def _is_protocol_of_the_data(protocol: Any) -> bool:
    if isinstance(protocol, str):
        return protocol not in KNOWN
    return isinstance(protocol, dict) and _of_the_data(protocol.get("split"))


def _title(split: Any) -> str:
    if not isinstance(split, dict):
        return str(split)
    return str(split.get("name") or split.get("path") or "from a file")


def _note(dropped: Sequence[str], kept: Sequence[str], old: str) -> str:
    what = f"split {dropped[0]} is" if len(dropped) == 1 else f"splits {', '.join(dropped)} are"
    instead = (
        f"the other ways to divide them are used: {', '.join(kept)}"
        if kept
        else "the new data's own split is used, or a random one that keeps groups whole"
    )
    return f"the {what} for the images of {old}, which --data replaces; {instead}"
