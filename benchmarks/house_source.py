"""Read the source of a checkout's package and count; used by ``house.py``."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "leukokit"
_GET = re.compile(r"\.get\(\s*[\"']")
_IGNORE = re.compile(r"#\s*type:\s*ignore")
_VAGUE = ("found", "each")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of the package.

    Attributes
    ----------
    name : str
        Dotted name.
    path : Path
    text : str
    tree : ast.Module
    """

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """First folder or module below the package."""
        return self.name.split(".")[1] if "." in self.name else ""


@dataclass(frozen=True)
class Import:
    """One module that imports another.

    Attributes
    ----------
    late : bool
        True inside a function.
    typing : bool
        True under ``if TYPE_CHECKING``.
    """

    source: str
    target: str
    late: bool
    typing: bool


class Source:
    """All modules of one checkout.

    Parameters
    ----------
    checkout : Path
        Folder that holds the package.
    """

    def __init__(self, checkout: Path) -> None:
        self.modules: dict[str, Module] = {}
        for path in sorted((checkout / PACKAGE).rglob("*.py")):
            parts = path.relative_to(checkout).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text(encoding="utf-8")
            self.modules[name] = Module(name, path, text, ast.parse(text))

    def lines(self) -> int:
        """Lines of all files."""
        return sum(len(module.text.splitlines()) for module in self.modules.values())

    @cached_property
    def classes(self) -> list[tuple[str, ast.ClassDef]]:
        """Module and definition of every class."""
        return [
            (name, node)
            for name, module in self.modules.items()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ClassDef)
        ]

    def dataclasses(self) -> int:
        """Classes with the decorator ``dataclass``."""
        return sum(
            any(_word(each) == "dataclass" for each in node.decorator_list) for _, node in self.classes
        )

    def pydantic_models(self) -> int:
        """Classes that descend from ``BaseModel``; bases are told by their last name."""
        models, size = {"BaseModel"}, 0
        while len(models) > size:
            size = len(models)
            models |= {node.name for _, node in self.classes if {_word(base) for base in node.bases} & models}
        return sum(bool({_word(base) for base in node.bases} & models) for _, node in self.classes)

    def repeated_class_names(self) -> dict[str, int]:
        """Class names that several modules define, with their number."""
        counts = Counter(node.name for _, node in self.classes)
        return {name: count for name, count in counts.most_common() if count > 1}

    def gets(self, room: str = "") -> int:
        """Count uses of ``.get("...")``, in one room or all."""
        return sum(len(_GET.findall(module.text)) for module in self._in(room))

    def mapping_checks(self, room: str = "") -> int:
        """Count uses of ``isinstance(..., Mapping)``, in one room or all."""
        calls = (node for module in self._in(room) for node in ast.walk(module.tree))
        return sum(
            isinstance(node, ast.Call)
            and _word(node.func) == "isinstance"
            and len(node.args) == 2
            and "Mapping" in ast.unparse(node.args[1])
            for node in calls
        )

    def untyped_dicts(self, room: str = "") -> int:
        """Count uses of ``dict[str, Any]``, in one room or all."""
        return sum(module.text.count("dict[str, Any]") for module in self._in(room))

    def json_methods(self) -> int:
        """Methods named ``json``."""
        methods = (method for _, node in self.classes for method in node.body)
        return sum(isinstance(method, _Function) and method.name == "json" for method in methods)

    def type_ignores(self) -> int:
        """Comments that silence mypy."""
        return sum(len(_IGNORE.findall(module.text)) for module in self.modules.values())

    def type_asserts(self) -> int:
        """Statements ``assert isinstance(...)`` and ``assert ... is not None``."""
        tests = (
            ast.unparse(node.test)
            for module in self.modules.values()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Assert)
        )
        return sum(test.startswith("isinstance(") or test.endswith("is not None") for test in tests)

    def vague_names(self) -> int:
        """How often a variable named ``found`` or ``each`` is bound."""
        nodes = (node for module in self.modules.values() for node in ast.walk(module.tree))
        return sum(
            isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in _VAGUE
            for node in nodes
        )

    def functions(self) -> list[tuple[int, str]]:
        """Length of every function in lines, without its docstring, and its place; longest first."""
        lengths = [
            (_length(node), f"{module.name}:{node.name}")
            for module in self.modules.values()
            for node in ast.walk(module.tree)
            if isinstance(node, _Function)
        ]
        return sorted(lengths, reverse=True)

    @cached_property
    def imports(self) -> list[Import]:
        """Imports of the package's modules by each other."""
        return [each for module in self.modules.values() for each in self._imports(module)]

    def circles(self, *, late: bool) -> list[list[str]]:
        """Find sets of modules that import each other at run time, with or without imports in functions."""
        graph: dict[str, set[str]] = {name: set() for name in self.modules}
        for each in self.imports:
            if not each.typing and (late or not each.late):
                graph[each.source].add(each.target)
        return [sorted(part) for part in _components(graph) if len(part) > 1]

    def with_one_importer(self) -> list[str]:
        """Modules that exactly one other module imports; packages and modules named with a ``_`` apart."""
        importers: dict[str, set[str]] = defaultdict(set)
        for each in self.imports:
            importers[each.target].add(each.source)
        return sorted(
            name
            for name, module in self.modules.items()
            if len(importers[name]) == 1
            and module.path.name != "__init__.py"
            and not module.path.name.startswith("_")
        )

    def kind_places(self) -> list[str]:
        """Find modules that name two or more kinds of components, or their hooks or stages, one by one.

        Plugins, the conformance kit and the definition of the kinds themselves apart.
        """
        kinds = ("EXPLAINER", "SELECTOR", "PREPROCESSOR", "FEATURE_EXTRACTOR")
        stages = ("preprocess", "select", "explain")
        hooks = ("leukokit_selectors", "leukokit_explainers")
        places = []
        for name, module in self.modules.items():
            if module.room in ("plugins", "testing"):
                continue
            members = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
            words = {node.value for node in ast.walk(module.tree) if isinstance(node, ast.Constant)}
            names = {node.name for node in ast.walk(module.tree) if isinstance(node, _Function)}
            fields = {
                node.target.id
                for node in ast.walk(module.tree)
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
            }
            written = (
                len(members & set(kinds)) > 1,
                len((words | fields) & set(stages)) > 1,
                len((words | names) & set(hooks)) > 1,
            )
            if any(written):
                places.append(name)
        return places

    def _in(self, room: str) -> Iterator[Module]:
        return (module for module in self.modules.values() if room in ("", module.room))

    def _imports(self, module: Module) -> Iterator[Import]:
        inside = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
        for node, late, typing in _import_nodes(module.tree, late=False, typing=False):
            for target in self._targets(node, inside):
                if target != module.name:
                    yield Import(module.name, target, late, typing)

    def _targets(self, node: ast.Import | ast.ImportFrom, inside: str) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in self.modules)
            return
        base = node.module or ""
        if node.level:
            above = inside.split(".")
            base = ".".join([*above[: len(above) - node.level + 1], *([node.module] if node.module else [])])
        for alias in node.names:
            whole = f"{base}.{alias.name}"
            if whole in self.modules or base in self.modules:
                yield whole if whole in self.modules else base


def _import_nodes(
    node: ast.AST, *, late: bool, typing: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child, late, typing
            continue
        checked = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        inner = late or isinstance(child, _Function)
        yield from _import_nodes(child, late=inner, typing=typing or checked)


def _word(node: ast.expr) -> str:
    """Last name of an expression: ``field`` of ``dataclasses.field(...)``."""
    if isinstance(node, ast.Call):
        return _word(node.func)
    if isinstance(node, ast.Subscript):
        return _word(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _length(node: _Function) -> int:
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return whole
    first = node.body[0]
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1)


def _components(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Strongly connected components, by Tarjan's algorithm (1972, doi 10.1137/0201010)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    parts: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for target in sorted(graph[name]):
            if target not in order:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], order[target])
        if low[name] == order[name]:
            part = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            parts.append(part)

    for name in sorted(graph):
        if name not in order:
            visit(name)
    return parts
