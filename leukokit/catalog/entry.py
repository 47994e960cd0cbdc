"""One installed component, and how its class is brought in when it is used."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

import leukokit.api
from leukokit.api import ComponentSpec, Kind
from leukokit.errors import CatalogError, MissingPackageError

if TYPE_CHECKING:
    from leukokit.api import Component

_BASE_OF_KIND = {
    Kind.DATASET: "Dataset",
    Kind.PREPROCESSOR: "Preprocessor",
    Kind.SEGMENTER: "Segmenter",
    Kind.FEATURE_EXTRACTOR: "FeatureExtractor",
    Kind.SELECTOR: "Selector",
    Kind.CLASSIFIER: "Classifier",
    Kind.EXPLAINER: "Explainer",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One component that a plugin offers.

    Attributes
    ----------
    kind : Kind
        Kind, from the hook that offered it.
    name : str
        Name in recipes: bare for built-ins, ``<entry point>/<name>`` for others.
    spec : ComponentSpec
        What the plugin said of it.
    distribution, version : str
        The installed package that it comes from.
    """

    kind: Kind
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
        module_name, _, attribute = self.spec.target.partition(":")
        try:
            component = getattr(importlib.import_module(module_name), attribute)
        except (Exception, SystemExit) as error:
            raise CatalogError(
                f"cannot be imported from {self.spec.target}: {type(error).__name__}: {error}",
                where=where,
                hint=f"Reinstall {self.distribution}, or report this to its authors",
            ) from error
        base: type[Component] = getattr(leukokit.api, _BASE_OF_KIND[self.kind])
        if not (isinstance(component, type) and issubclass(component, base)):
            raise CatalogError(
                f"{self.spec.target} is not a subclass of leukokit.api.{base.__name__}",
                where=where,
                hint=f"Report this to the authors of {self.distribution}",
            )
        absent = [name for name in component.requires if not _is_installed(name)]
        if absent:
            raise MissingPackageError(
                f"needs {', '.join(absent)}, not installed here",
                where=where,
                hint=f"Install with: {component.install_hint or 'pip install ' + ' '.join(absent)}",
            )
        return component


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # a parent package is absent, or a half-imported module has no spec
        return False
