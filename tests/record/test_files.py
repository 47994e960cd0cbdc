"""Records of real runs: reading and writing gives the same bytes, and the schema says what is written."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from leukokit.record.files import (
    ALL,
    AUDIT,
    METRICS,
    PICTURES,
    PLAN,
    PROVENANCE,
    RESOLVED,
    SEGMENTED,
    STATUS,
    VERDICT,
)
from leukokit.record.schema import run_schema

WRITTEN = (METRICS, AUDIT, RESOLVED, PROVENANCE, PLAN, STATUS, PICTURES, SEGMENTED, VERDICT)


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_reading_and_writing_gives_the_same_bytes(recorded: Path, file) -> None:
    assert file.read(recorded).to_bytes() == (recorded / file.name).read_bytes()


def test_every_protocol_is_a_record_too(recorded: Path) -> None:
    paths = list(recorded.glob("protocols/*/metrics.json"))
    assert paths
    for path in paths:
        assert METRICS.read(path.parent).to_bytes() == path.read_bytes()


def test_the_schema_accepts_what_a_run_writes_and_nothing_more(recorded: Path) -> None:
    schema = run_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    run = {file.name: json.loads((recorded / file.name).read_text()) for file in WRITTEN}
    validator.validate(run)
    run["metrics.json"]["test"]["accurracy"] = 1.0
    assert [error.validator for error in validator.iter_errors(run)] == ["anyOf"]


def test_every_field_is_described() -> None:
    for name, found in run_schema()["$defs"].items():
        assert found["description"], name
        for field, facts in found.get("properties", {}).items():
            assert facts.get("description"), f"{name}.{field}"


def test_every_file_but_the_printed_one_stands_in_a_run_directory(recorded: Path) -> None:
    absent = [file.name for file in ALL if not (recorded / file.name).exists()]
    assert absent == ["explanations/<explainer>/heat.json", "pictures/explained/index.json", "compare --json"]
