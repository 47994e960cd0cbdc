"""One installed component, and how its class is brought in when it is used."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leukokit.api import ComponentSpec
from leukokit.catalog.kinds import ComponentKind, load_target
from leukokit.errors import CatalogError, MissingPackageError
from leukokit.process import stop

if TYPE_CHECKING:
    from leukokit.api import Component


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One installed component.

    Attributes
    ----------
    kind : ComponentKind
        Row of the table of kinds, from the hook that offered it.
    name : str
        Name in recipes: bare for built-ins, ``<entry point>/<name>`` for others.
    spec : ComponentSpec
        What the plugin said of it.
    distribution, version : str
        The installed package that it comes from.
    """

    kind: ComponentKind
    name: str
    spec: ComponentSpec
    distribution: str
    version: str

    @property
    def origin(self) -> str:
        """Distribution and version, as shown to users."""
        return f"{self.distribution} {self.version}".strip()

    def load(self) -> type[Component]:
        """Import the component's class.

        Returns
        -------
        type
            A subclass of the kind's base class.

        Raises
        ------
        CatalogError
            Where the module cannot be imported, the class is absent or of another kind, or a package that
            the component needs is not installed.
        """
        where = f"{self.kind} {self.name} of {self.origin}"
        try:
            # Data goes to stdout: a module that prints while it is imported must not spoil `show --json`.
            with contextlib.redirect_stdout(sys.stderr):
                component = load_target(self.spec.target)
                base = self.kind.base_class()
        except BaseException as error:
            stop.check(error)  # an interrupted import is not a broken installation
            raise CatalogError(
                f"cannot be imported from {self.spec.target}: {type(error).__name__}: {error}",
                where=where,
                hint=f"Reinstall {self.distribution}, or report this to its authors",
            ) from error
        if not (isinstance(component, type) and issubclass(component, base)):
            raise CatalogError(
                f"{self.spec.target} is not a subclass of {self.kind.base.replace(':', '.')}",
                where=where,
                hint=f"Report this to the authors of {self.distribution}",
            )
        absent = [name for name in component.requires if not is_installed(name)]
        if absent:
            raise MissingPackageError(
                f"needs {', '.join(absent)}, not installed here",
                where=where,
                hint=f"Install with: {component.install_hint or 'pip install ' + ' '.join(absent)}",
            )
        return component


def is_installed(module: str) -> bool:
    """Whether a module can be imported; it is not imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # a parent package is absent, or a half-imported module has no spec
        return False
