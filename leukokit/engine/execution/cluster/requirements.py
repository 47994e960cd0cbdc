"""What all workers of a run must have in common with it: versions of libraries, and the code of plugins.

A worker with another version might give other results: they would depend on which worker computes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TypeAlias

from leukokit._version import __version__
from leukokit.engine.cache.code import class_code
from leukokit.engine.cache.keys import library_versions
from leukokit.engine.components.origin import is_foreign, origin_of
from leukokit.errors import UsageError

Versions: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ComponentCode:
    """The code of a foreign component.

    Attributes
    ----------
    module, name : str
        Of its class.
    distribution : str
        Name and version, as shown to users.
    digest : str
        Of its source files.
    libraries : tuple of (str, str)
        Versions of the libraries that they import.
    """

    module: str
    name: str
    distribution: str
    digest: str
    libraries: Versions

    @classmethod
    def of(cls, kind: type) -> ComponentCode:
        """Take the code that is installed here."""
        code = class_code(kind, tuple(getattr(kind, "requires", ())))
        return cls(
            kind.__module__, kind.__qualname__, origin_of(kind.__module__).name, code.digest, code.libraries
        )

    def __str__(self) -> str:
        return f"{self.distribution}, code {self.digest[:8]}"


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a worker is compared with.

    Attributes
    ----------
    versions : tuple of (str, str)
        Of leukokit and the libraries that compute.
    components : tuple of ComponentCode
        Foreign components that take part.
    """

    versions: Versions
    components: tuple[ComponentCode, ...] = ()

    @classmethod
    def of(cls, components: Iterable[object] = ()) -> Requirements:
        """Take what is installed here."""
        kinds = dict.fromkeys(type(component) for component in components if is_foreign(component))
        return cls(versions(), tuple(_code(kind) for kind in kinds))


def versions() -> Versions:
    """Versions that results depend on."""
    return (("leukokit", __version__), *library_versions())


@lru_cache(maxsize=64)
def _code(kind: type) -> ComponentCode:
    return ComponentCode.of(kind)


@lru_cache(maxsize=64)
def check(required: Requirements, worker: str) -> None:
    """Check that this worker has the same.

    Parameters
    ----------
    worker : str
        How messages name it.

    Raises
    ------
    UsageError
        Naming the worker, what differs, and both versions.
    """
    _refuse(worker, _differing(required.versions, versions()))
    for component in required.components:
        _check_component(component, worker)


def _differing(required: Versions, installed: Versions) -> str:
    here = dict(installed)
    return ", ".join(
        f"{name} {here.get(name, 'absent')} instead of {wanted}"
        for name, wanted in required
        if here.get(name) != wanted
    )


def _refuse(worker: str, differing: str, *, of: str = "") -> None:
    if differing:
        raise UsageError(
            f"{worker} has {differing}{of}; results would depend on which worker computes them",
            hint="Install the same versions on all workers, and start them again",
        )


def _check_component(required: ComponentCode, worker: str) -> None:
    try:
        kind = getattr(import_module(required.module), required.name)
    except Exception as error:  # a module of a plugin may raise anything
        raise UsageError(
            f"{worker} cannot import {required.name} of {required.distribution} from {required.module}: "
            f"{type(error).__name__}: {error}",
            hint=f"Install {required.distribution} on all workers, and start them again",
        ) from error
    installed = _code(kind)
    if installed.digest != required.digest:
        _refuse(worker, f"other code of {required.name}: {installed}, instead of {required}")
    _refuse(
        worker, _differing(required.libraries, installed.libraries), of=f", which {required.name} imports"
    )
