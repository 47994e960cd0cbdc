"""Digest of the source files that compute a result, so that new code never gets old results.

What a module imports is read from its text, without importing anything: its own package and leukokit are
followed, file by file, and of other packages the version counts. Each process reads a file once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

_OURS = "leukokit"

# They find components, run them and keep results. Keys name those of their modules that compute; if all of
# them were followed, every change of leukokit would change every component.
_INFRASTRUCTURE = tuple(f"{_OURS}.{name}" for name in ("catalog", "engine", "record", "recipe"))

# Packages that load their names from other modules on first use: following them would reach all of leukokit.
_LAZY_PACKAGES = (_OURS, f"{_OURS}.api", f"{_OURS}.api.deep")

_SUFFIXES = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES, *BYTECODE_SUFFIXES)

# Distributions whose name differs from the module's. Others are looked up, which takes a tenth of a second.
_DISTRIBUTION = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}

# They check parameters and find files, and compute nothing.
_NOT_COMPUTING = frozenset({"pluggy", "pydantic", "pydantic_core", "platformdirs", "fsspec"})

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#;]+)|import[ \t]+([^\n#;]+))",
    re.MULTILINE,
)
_FOR_TYPES = re.compile(rb"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)+", re.MULTILINE)
_COMMENT = re.compile(rb"#[^\n]*")


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a component.

    Attributes
    ----------
    digest : str
        Of its source files.
    libraries : tuple of (str, str)
        Name and version of each library that it names or imports; a module without a version belongs to none.
    """

    digest: str
    libraries: tuple[tuple[str, str], ...]


@cache
def code_digest(*modules: str) -> str:
    """Digest of modules of leukokit, of all that they import there, and of the versions of other packages.

    Parameters
    ----------
    *modules : str
        Full names. A module of the engine counts where it is named, and is not followed.
    """
    code = _code(modules, ())
    return hashlib.blake2b(repr((code.digest, code.libraries)).encode(), digest_size=16).hexdigest()


def class_code(kind: type, requires: tuple[str, ...] = ()) -> Code:
    """Code of a component's class and of its base classes.

    Parameters
    ----------
    kind : type
    requires : tuple of str
        Modules that the component names.
    """
    own = kind.__module__.partition(".")[0]
    bases = [base.__module__ for base in kind.__mro__ if base.__module__.partition(".")[0] in (own, _OURS)]
    return _code(tuple(bases), tuple(requires))


@cache
def _code(modules: tuple[str, ...], requires: tuple[str, ...]) -> Code:
    reached = _reached(modules)
    outside = {name for file in reached.values() if file is not None for name in file.outside}
    libraries = {name.partition(".")[0] for name in (*outside, *requires)} - _NOT_COMPUTING
    versions = {name: _version(name) for name in libraries}
    known = sorted((name, release) for name, release in versions.items() if release is not None)
    return Code(_digest(reached), tuple(known))


@dataclass(frozen=True, slots=True)
class _File:
    """One source file.

    Attributes
    ----------
    digest : str
    imports : tuple of str
        Modules to follow.
    outside : tuple of str
        Packages of other distributions.
    """

    digest: str
    imports: tuple[str, ...]
    outside: tuple[str, ...]


def _digest(reached: dict[str, _File | None]) -> str:
    state = hashlib.blake2b(digest_size=16)
    for name, file in sorted(reached.items()):
        if file is not None:
            state.update(f"{name} {file.digest}\n".encode())
    return state.hexdigest()


def _reached(roots: Iterable[str]) -> dict[str, _File | None]:
    """Files of modules and of all that they import, by module; None where a module has no file."""
    reached: dict[str, _File | None] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached[name] = file = _file(name)
        if file is not None:
            waiting += [module for module in file.imports if not _within(module, _INFRASTRUCTURE)]
    return reached


def _within(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@cache
def _file(name: str) -> _File | None:
    source = _find_source(name)
    if source is None:
        return None
    path, is_package = source
    content = _content(path)
    if content is None:
        return None
    imports: set[str] = set()
    outside: set[str] = set()
    if path.endswith(tuple(SOURCE_SUFFIXES)):
        for module, names in _imported(content, name if is_package else name.rpartition(".")[0]):
            top = module.partition(".")[0]
            if top in (name.partition(".")[0], _OURS) or _is_private(top):
                imports.update(_followed(module, names))
            elif top not in sys.stdlib_module_names:
                outside.add(top)
    parents = name.split(".")[:-1]
    if parents and parents[0] != _OURS:  # those of leukokit hold only docstrings and tables of names
        imports.update(".".join(parents[: i + 1]) for i in range(len(parents)))
    return _File(hashlib.sha256(content).hexdigest(), tuple(sorted(imports)), tuple(sorted(outside)))


def _imported(content: bytes, package: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Full name of every module that a source file imports, and the names that it takes from it."""
    for source, names, plain in _IMPORT.findall(_FOR_TYPES.sub(b"", content)):
        if plain:
            for part in plain.decode(errors="replace").split(","):
                if words := part.split():
                    yield words[0], ()
            continue
        listed = _COMMENT.sub(b"", names).decode(errors="replace").strip("() \t\n")
        taken = tuple(part.split()[0] for part in listed.split(",") if part.split())
        module = source.decode(errors="replace")
        dots = len(module) - len(module.lstrip("."))
        if dots:
            parts = package.split(".")
            base = parts[: len(parts) - dots + 1]
            module = ".".join([*base, *filter(None, [module.lstrip(".")])])
        if module:
            yield module, taken


def _followed(module: str, names: Iterable[str]) -> Iterator[str]:
    """Modules that define the names; the module itself where it defines them."""
    table = _modules_of_names(module)
    for name in names:
        if name in table:
            yield table[name]
        elif _find_source(f"{module}.{name}") is not None:
            yield f"{module}.{name}"
        else:
            yield module
    if not tuple(names) and module not in _LAZY_PACKAGES:
        yield module


@cache
def _modules_of_names(module: str) -> dict[str, str]:
    """Return the module of each name that a package of leukokit loads on first use."""
    if module not in _LAZY_PACKAGES:
        return {}
    modules: dict[str, str] = getattr(importlib.import_module(module), "_MODULE_OF", {})
    return modules


@cache
def _is_private(top: str) -> bool:
    """Whether a package belongs to no distribution: a folder of modules beside those of a plugin."""
    if top in sys.stdlib_module_names or top in _DISTRIBUTION or _distribution_version(top) is not None:
        return False
    return _find_source(top) is not None and _version(top) is None


@cache
def _find_source(name: str) -> tuple[str, bool] | None:
    """Path of a module's file, and whether it is the ``__init__`` of a package; nothing is imported."""
    top, *parts = name.split(".")
    if not parts:
        return _find_top_level(top)
    for root in _folders(top):
        *above, last = parts
        folder = _joined(root, *above)
        file = _first(folder, last)
        if file is not None:
            return file, False
        package = _first(_joined(folder, last), "__init__") if last in _names(folder) else None
        if package is not None:
            return package, True
    return None


@cache
def _find_top_level(top: str) -> tuple[str, bool] | None:
    for root in _folders(top):
        package = _first(root, "__init__")
        if package is not None:
            return package, True
    module = sys.modules.get(top)
    file = _spec_of(top)[1] if module is None else getattr(module, "__file__", None)
    return None if file is None else (file, False)


@cache
def _folders(top: str) -> tuple[str, ...]:
    """Folders of a top-level package: several for a namespace package."""
    module = sys.modules.get(top)
    return _spec_of(top)[0] if module is None else tuple(getattr(module, "__path__", ()))


@cache
def _spec_of(top: str) -> tuple[tuple[str, ...], str | None]:
    """Folders and file of a package or module that is not imported."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return (), None
    return tuple(spec.submodule_search_locations or ()), spec.origin if spec.has_location else None


def _joined(*parts: str) -> str:
    return os.sep.join(parts)  # noqa: PTH118 - thousands of calls: a Path takes ten times as long


def _first(folder: str, stem: str) -> str | None:
    """Path of the file that Python would take for a module in a folder."""
    name = next((stem + suffix for suffix in _SUFFIXES if stem + suffix in _names(folder)), None)
    return None if name is None else _joined(folder, name)


@cache
def _names(folder: str) -> frozenset[str]:
    """Names in a folder: listing it once costs less than testing each possible name."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries)
    except OSError:
        archive = _archive(folder)
        if archive is None:
            return frozenset()
        inside = os.path.relpath(folder, archive).replace(os.sep, "/") + "/"
        from zipfile import ZipFile

        with ZipFile(archive) as members:
            below = (name[len(inside) :] for name in members.namelist() if name.startswith(inside))
            return frozenset(name.partition("/")[0] for name in below)


def _content(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except OSError:
        archive = _archive(path)
        if archive is None:
            return None
        from zipfile import ZipFile

        with ZipFile(archive) as members:
            return members.read(os.path.relpath(path, archive).replace(os.sep, "/"))


def _archive(path: str) -> str | None:
    """Archive that Python imports from and that a path leads into."""
    return next((str(parent) for parent in Path(path).parents if parent.is_file()), None)


@cache
def _version(module: str) -> str | None:
    """Version of the distribution that installs a top-level module; None where none does."""
    known = _distribution_version(module)
    if known is not None:
        return known
    if _find_source(module) is None and not _folders(module):
        return None  # there is no such module: a sentence of a docstring may read like an import
    return _installed_version(module)


@cache
def _distribution_version(module: str) -> str | None:
    try:
        return version(_DISTRIBUTION.get(module, module))
    except (PackageNotFoundError, ValueError):
        return None


@cache
def _installed_version(module: str) -> str | None:
    """Version of the distribution that lists a module of another name among its files.

    ``importlib.metadata.packages_distributions`` parses every list of files, which takes half a second.
    """
    for distribution in distributions():
        listed = distribution.read_text("top_level.txt") or ""
        files = "\n" + (distribution.read_text("RECORD") or "")
        if module in listed.split() or any(f"\n{module}{end}" in files for end in ("/", ".py,")):
            return distribution.version
    return None
