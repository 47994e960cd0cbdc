"""From names to components: find each in the catalog, import it, validate its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Generic, TypeVar

from leukokit.api import Component, Params
from leukokit.catalog import Catalog, Entry
from leukokit.errors import CatalogError
from leukokit.recipe.document import Document, Path, dotted, shown
from leukokit.recipe.messages import Finding, validated
from leukokit.recipe.stages import KIND_OF_STAGE, written_components

C_co = TypeVar("C_co", bound=Component, covariant=True)

_WOULD_EXPAND = re.compile(r"^~|\$(\w|\{)|%\w+%")


@dataclass(frozen=True, slots=True)
class Bound(Generic[C_co]):
    """A component of a recipe, ready for use.

    Attributes
    ----------
    entry : Entry
        Where it comes from.
    component : Component
        Built from its validated parameters.
    path : str
        Its place in the recipe, such as ``features.0``.
    """

    entry: Entry
    component: C_co
    path: str

    @property
    def use(self) -> str:
        """Name in the catalog."""
        return self.entry.name

    @property
    def params(self) -> dict[str, Any]:
        """Parameters with every default filled in, as JSON can say them."""
        return self.component.params.model_dump(mode="json")


@dataclass
class Slot:
    """A place where a component is written; ``cls`` and ``bound`` stay None where something is wrong."""

    stage: str
    path: Path
    params: dict[str, Any]
    cls: type[Component] | None = None
    bound: Bound[Component] | None = None


@dataclass
class Stages:
    """What was bound, and what was written but cannot be judged because of mistakes."""

    slots: list[Slot] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)

    def of(self, stage: str) -> Iterator[Bound[Component]]:
        """Components of one stage that could be bound."""
        return (slot.bound for slot in self.slots if slot.stage == stage and slot.bound is not None)

    def has(self, stage: str) -> bool:
        """Whether anything is written there, right or wrong."""
        return stage in self.unreadable or any(slot.stage == stage for slot in self.slots)

    def whole(self, stage: str) -> bool:
        """Whether all that is written there could be bound."""
        return stage not in self.unreadable and all(slot.bound for slot in self.slots if slot.stage == stage)


def bind(document: Document, catalog: Catalog) -> Stages:
    """Bind every component that is written in ``document``; mistakes are added to its problems."""
    stages = Stages()
    for stage, path, item in written_components(document):
        params = item.get("params", {})
        slot = Slot(stage, path, params if isinstance(params, dict) else {})
        stages.slots.append(slot)
        if isinstance(item.get("use"), str) and item["use"] and isinstance(params, dict):
            _bind_one(document, catalog, slot, item["use"])
    data = document.data if isinstance(document.data, dict) else {}
    for stage in KIND_OF_STAGE:
        written = data.get(stage)
        count = sum(slot.stage == stage for slot in stages.slots)
        expected = len(written) if isinstance(written, list) else int(written is not None)
        if document.is_hole((stage,)) or count != expected:
            stages.unreadable.add(stage)
    return stages


def _bind_one(document: Document, catalog: Catalog, slot: Slot, name: str) -> None:
    try:
        entry = catalog.get(KIND_OF_STAGE[slot.stage], name)
        slot.cls = entry.load()
    except CatalogError as error:
        document.problem((*slot.path, "use"), _one_line(error))
        return
    params, findings = check_params(slot.cls, slot.params)
    for finding in findings:
        path = (*slot.path, "params", *finding.path)
        if not document.is_hole(path):
            document.problem(path, finding.message, of_key=finding.of_key)
    if params is None or any(path[: len(slot.path)] == slot.path for path in document.holes):
        return
    try:
        component = slot.cls(params)
    except Exception as error:
        document.problem(slot.path, f"{entry.origin} cannot build {name}: {type(error).__name__}: {error}")
        return
    slot.bound = Bound(entry, component, dotted(slot.path))


def check_params(cls: type[Component], params: dict[str, Any]) -> tuple[Params | None, list[Finding]]:
    """Validate parameters; ``~`` and variables in file paths are refused, since nothing is expanded."""
    instance, findings = validated(cls.Params, params)
    if instance is None:
        return None, findings
    for name, value in instance:
        if isinstance(value, PurePath) and _WOULD_EXPAND.search(str(value)):
            message = f"{shown(value)}: '~' and variables are not expanded in paths; write the path out"
            findings.append(Finding((name,), message))
    return (None if findings else instance), findings


def _one_line(error: CatalogError) -> str:
    return " ".join(str(error).split())
