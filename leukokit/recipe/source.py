"""The text of a recipe: a file as it is written, or a Python mapping as YAML."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ruamel.yaml import YAML

from leukokit.api import EXTENSIONS
from leukokit.errors import Problem, RecipeError
from leukokit.recipe.document import MAX_BYTES

_TABLES = (".csv", ".tsv", ".xlsx")
_NEW = "'leukokit new recipe FOLDER' writes a recipe for your images"


@dataclass(frozen=True, slots=True)
class RecipeSource:
    """Text of a recipe, and where it is from.

    Attributes
    ----------
    text : bytes
    name : str
        What messages call it.
    path : Path or None
        The file; None where there is none.
    """

    text: bytes
    name: str = "recipe"
    path: Path | None = None

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file.

        Raises
        ------
        RecipeError
            Where it cannot be read, or is larger than any recipe.
        """
        name = os.fspath(path)
        if Path(name).suffix.lower() in EXTENSIONS:
            raise RecipeError([Problem("", f"is an image, expected a recipe (a text file). {_NEW}", name)])
        if Path(name).suffix.lower() in _TABLES:
            message = (
                f"is a table, expected a recipe. 'leukokit run RECIPE --data TABLE' works on one. {_NEW}"
            )
            raise RecipeError([Problem("", message, name)])
        try:
            with Path(path).open("rb") as file:
                text = file.read(MAX_BYTES + 1)
                size = os.fstat(file.fileno()).st_size
        except (OSError, ValueError) as error:
            raise RecipeError([Problem("", _why(error), name)]) from error
        if len(text) > MAX_BYTES:
            message = f"the file has {size:,} bytes; a recipe may have at most {MAX_BYTES:,}"
            raise RecipeError([Problem("", message, name, 1, 1)])
        return cls(text, name, Path(path))

    @classmethod
    def of_mapping(cls, content: Mapping[str, Any]) -> Self:
        """Write a Python mapping as YAML; a run keeps it as ``recipe.yaml``, and lines of messages are its.

        Raises
        ------
        RecipeError
            Where the mapping holds anything but texts, numbers, lists and mappings.
        """
        try:
            plain = json.loads(json.dumps(content, default=_path, allow_nan=False))
        except (TypeError, ValueError) as error:
            message = f"a recipe holds texts, numbers, lists and mappings only ({error})"
            raise RecipeError([Problem("", message, "recipe")]) from error
        yaml = YAML(typ="safe", pure=True)
        yaml.default_flow_style = False
        yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
        text = io.StringIO()
        yaml.dump(plain, text)
        return cls(text.getvalue().encode("utf-8", "surrogatepass"))


def _why(error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError():
            return f"there is no such file. {_NEW}"
        case IsADirectoryError():
            return f"is a folder, expected a recipe. 'leukokit run RECIPE --data FOLDER' works on one. {_NEW}"
        case OSError():
            return f"cannot be read ({error.strerror or error})"
    return f"cannot be read ({error})"


def _path(value: object) -> str:
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    raise TypeError(f"{value!r} is a {type(value).__name__}")
