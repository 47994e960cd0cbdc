"""JSON Schema of all records, and what their fields are in words."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from leukokit.record.files import ALL


def run_schema() -> dict[str, Any]:
    """JSON Schema of a run directory: an object with a property for file JSON file."""
    references, definitions = models_json_schema(
        [(file.model, "validation") for file in ALL], title="JSON files of a leukokit run directory"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **definitions,
        "type": "object",
        "properties": {file.name: references[file.model, "validation"] for file in ALL},
    }
