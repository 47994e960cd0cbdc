"""From names to components: find each in the catalog, import it, validate its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Generic, TypeVar, cast

from leukokit.api import Component, Dataset, Params
from leukokit.catalog import Catalog, CatalogEntry, ComponentKind
from leukokit.errors import CatalogError
from leukokit.recipe.document import Document, Path, dotted, shown
from leukokit.recipe.messages import InvalidValue, validated
from leukokit.recipe.stages import FALLBACK, written_components

C_co = TypeVar("C_co", bound=Component, covariant=True)

_WOULD_EXPAND = re.compile(r"^~|\$(\w|\{)|%\w+%")


@dataclass(frozen=True, slots=True)
class Bound(Generic[C_co]):
    """A component of a recipe, ready for use.

    Attributes
    ----------
    entry : CatalogEntry
        Where it comes from.
    component : Component
        Built from its validated parameters.
    path : str
        Its place in the recipe, such as ``features.0``.
    """

    entry: CatalogEntry
    component: C_co
    path: str

    @property
    def use(self) -> str:
        """Name in the catalog."""
        return self.entry.name

    @property
    def step(self) -> str:
        """Name of the step that it is in a run, such as ``explain.0.permutation_importance``."""
        return f"{self.path}.{self.entry.name}"

    @property
    def params(self) -> dict[str, Any]:
        """Parameters with every default filled in, as JSON can say them."""
        return self.component.params.model_dump(mode="json")


@dataclass
class Stages:
    """What a document says of components, each by its place, such as ``("features", 0)``.

    Attributes
    ----------
    written : mapping of path to parameters
        Everything that has the shape of a component, as written.
    classes : mapping of path to type
        Those of ``written`` that the catalog has and that could be imported.
    bound : mapping of path to Bound
        Those of ``classes`` whose parameters are valid.
    unreadable : set of str
        Recipe keys with something else in them.
    fallback : Bound or None
        The data set that may stand in for a missing one; no stage of its own.
    """

    written: dict[Path, dict[str, Any]] = field(default_factory=dict)
    classes: dict[Path, type[Component]] = field(default_factory=dict)
    bound: dict[Path, Bound[Component]] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    fallback: Bound[Dataset] | None = None

    def of(self, stage: str) -> Iterator[Bound[Component]]:
        """Components of one recipe key that could be bound."""
        return (bound for path, bound in self.bound.items() if path[0] == stage)

    def has(self, stage: str) -> bool:
        """Whether anything is written there, right or wrong."""
        return stage in self.unreadable or any(path[0] == stage for path in self.written)


def bind(document: Document, catalog: Catalog) -> Stages:
    """Bind every component that is written in ``document``; mistakes are added to its problems."""
    stages = Stages()
    for kind, path, item in written_components(document, catalog.kinds):
        params = item.get("params", {})
        stages.written[path] = params if isinstance(params, dict) else {}
        if isinstance(item.get("use"), str) and item["use"] and isinstance(params, dict):
            _bind_one(document, catalog, stages, kind, path, item["use"])
    data = document.data if isinstance(document.data, dict) else {}
    for stage in (kind.stage for kind in catalog.kinds):
        written = data.get(stage)
        count = sum(path[0] == stage for path in stages.written)
        expected = len(written) if isinstance(written, list) else int(written is not None)
        if document.is_hole((stage,)) or count != expected:
            stages.unreadable.add(stage)
    stages.fallback = _bound_fallback(document, catalog)
    return stages


def _bound_fallback(document: Document, catalog: Catalog) -> Bound[Dataset] | None:
    section = document.data.get("data") if isinstance(document.data, dict) else None
    item = section.get("fallback") if isinstance(section, dict) else None
    if not isinstance(item, dict):
        return None
    apart = Stages()
    params = item.get("params", {})
    apart.written[FALLBACK] = params if isinstance(params, dict) else {}
    if isinstance(item.get("use"), str) and item["use"] and isinstance(params, dict):
        _bind_one(document, catalog, apart, catalog.kinds.at("data"), FALLBACK, item["use"])
    return cast("Bound[Dataset] | None", apart.bound.get(FALLBACK))


def _bind_one(
    document: Document, catalog: Catalog, stages: Stages, kind: ComponentKind, place: Path, name: str
) -> None:
    try:
        entry = catalog.get(kind, name)
        cls = entry.load()
    except CatalogError as error:
        document.problem((*place, "use"), _one_line(error))
        return
    stages.classes[place] = cls
    params, mistakes = check_params(cls, stages.written[place])
    for mistake in mistakes:
        path = (*place, "params", *mistake.path)
        if not document.is_hole(path):
            document.problem(path, mistake.message, of_key=mistake.of_key)
    if params is None or any(path[: len(place)] == place for path in document.holes):
        return
    try:
        component = cls(params)
    except (Exception, SystemExit) as error:
        document.problem(place, f"{entry.origin} cannot build {name}: {type(error).__name__}: {error}")
        return
    stages.bound[place] = Bound(entry, component, dotted(place))


def check_params(cls: type[Component], params: dict[str, Any]) -> tuple[Params | None, list[InvalidValue]]:
    """Validate parameters; ``~`` and variables in file paths are refused, since nothing is expanded."""
    instance, mistakes = validated(cls.Params, params)
    if instance is None:
        return None, mistakes
    for name, value in instance:
        if isinstance(value, PurePath) and _WOULD_EXPAND.search(str(value)):
            message = f"{shown(value)}: '~' and variables are not expanded in paths; write the path out"
            mistakes.append(InvalidValue((name,), message))
    return (None if mistakes else instance), mistakes


def _one_line(error: CatalogError) -> str:
    return " ".join(str(error).split())
