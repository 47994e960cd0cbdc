"""Absurd numbers: every whole number of a recipe has a largest value, and is refused at its line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leukokit.catalog import KINDS, discover
from leukokit.recipe.models import recipe_model

_BOUNDS = {"maximum", "exclusiveMaximum", "enum", "const"}


def unbounded(schema: dict[str, Any], path: str, shared: dict[str, Any]) -> Iterator[str]:
    """Paths of the whole numbers in a JSON schema that may be as large as anybody likes."""
    if "$ref" in schema:
        yield from unbounded(shared[schema["$ref"].rsplit("/", 1)[-1]], path, shared)
    if schema.get("type") == "integer" and not _BOUNDS & schema.keys():
        yield path
    for name, inner in schema.get("properties", {}).items():
        yield from unbounded(inner, f"{path}.{name}", shared)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from unbounded(schema[key], f"{path}[]", shared)
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for inner in schema.get(key, ()):
            yield from unbounded(inner, path, shared)


def test_every_whole_number_of_a_recipe_has_a_largest_value() -> None:
    schema = recipe_model(KINDS).model_json_schema()
    assert list(unbounded(schema, "recipe", schema["$defs"])) == []


@pytest.mark.parametrize("kind", list(KINDS), ids=lambda kind: kind.name)
def test_every_whole_number_of_the_components_has_a_largest_value(kind: Any) -> None:
    built_in = [entry for entry in discover().of(kind) if entry.distribution == "leukokit"]
    assert built_in
    for entry in built_in:
        schema = entry.load().Params.model_json_schema()
        assert list(unbounded(schema, entry.name, schema.get("$defs", {}))) == []


HUNDRED = ", ".join(map(str, range(1, 102)))
START = "leukokit: 1\nname: absurd\n"
SMEARS = f"{START}data: {{use: smears, params: {{per_class: 6}}}}\nfeatures: [intensity]\nclassify: svm\n"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (f"{SMEARS}split: {{method: kfold, folds: 1000000000}}\n", ":6:31", "expected a number <= 10000"),
        (
            f"{SMEARS}tune: {{grid: {{classify.C: [{HUNDRED}], classify.gamma: [{HUNDRED}]}}}}\n",
            ":6:8",
            "has 10,201 combinations; expected at most 10,000",
        ),
        (f"{SMEARS}seed: {'9' * 5000}\n", ":6:7", "seed"),
        (f"{SMEARS}refer: {{error: 1e999}}\n", ":6:16", "expected a finite number"),
        (
            f"{SMEARS}split: {{method: file, path: /dev/zero}}\n",
            "/dev/zero",
            "is a device; expected",
        ),
        (
            SMEARS.replace("}}", "}, groups: /dev/zero}"),
            "/dev/zero",
            "the group file cannot be read: is a device",
        ),
        (f"{START}data: {{use: table, params: {{file: /dev/zero}}}}\n", "/dev/zero", "is not a file"),
        (f"{START}data: {{use: table, params: {{file: sparse.csv}}}}\n", "sparse.csv", "has 1,099,511.6 MB"),
    ],
)
def test_an_absurd_number_or_an_endless_file_is_refused_where_it_was_written(
    text: str, place: str, words: str, tmp_path: Path
) -> None:
    """Exit code 2; a limit of memory stands for the machine that would be brought down."""
    (tmp_path / "recipe.yaml").write_text(text)
    with (tmp_path / "sparse.csv").open("wb") as file:
        file.truncate(1 << 40)
    command = f"ulimit -v 8000000; exec {sys.executable} -m leukokit check recipe.yaml"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert place in done.stderr
    assert words in done.stderr
