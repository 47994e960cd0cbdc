"""Conformance checks: one check for each requirement of the plugin contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from leukokit.api import (
    Classifier,
    Component,
    Dataset,
    Explainer,
    FeatureExtractor,
    Preprocessor,
    Segmenter,
    Selector,
)
from leukokit.testing import (
    _checks_common,
    _checks_dataset,
    _checks_features,
    _checks_images,
    _checks_tables,
)
from leukokit.testing._case import Case

_CHECKS: Mapping[type[Component], tuple[Callable[[Case], None], ...]] = {
    Dataset: _checks_dataset.CHECKS,
    Preprocessor: _checks_images.PREPROCESSOR,
    Segmenter: _checks_images.SEGMENTER,
    FeatureExtractor: _checks_features.CHECKS,
    Selector: _checks_tables.SELECTOR,
    Classifier: _checks_tables.CLASSIFIER,
    Explainer: _checks_tables.EXPLAINER,
}


@dataclass(frozen=True)
class Check:
    """One requirement of the contract, checked when called.

    Attributes
    ----------
    id : str
        Name of the check, such as ``input_is_not_written``.
    run : callable
        Raises AssertionError, saying what was found and what was expected.
    """

    id: str
    run: Callable[[], None]

    def __call__(self) -> None:
        """Run the check."""
        self.run()


def component_checks(
    component: type[Component] | str, params: Mapping[str, Any] | None = None, *, image_size: int = 96
) -> Iterator[Check]:
    """Yield the checks of a component: the common ones and those of its kind.

    Parameters
    ----------
    component : type or str
        The class, or its target ``"package.module:Class"``.
    params : mapping of str to value, optional
        Parameters; the defaults where omitted.
    image_size : int
        Side of the larger synthetic images, in px; larger for methods that need more room.

    Raises
    ------
    TypeError
        Where ``component`` is not a subclass of one of the seven kinds.
    """
    cls = _resolve(component)
    kinds = [kind for kind in _CHECKS if issubclass(cls, kind)]
    if len(kinds) != 1:
        raise TypeError(
            f"{cls.__name__} derives from {len(kinds)} of the component classes; expected exactly one of "
            f"{', '.join(kind.__name__ for kind in _CHECKS)}"
        )
    case = Case(cls, dict(params or {}), image_size)
    for function in (*_checks_common.CHECKS, *_CHECKS[kinds[0]]):
        yield Check(function.__name__, partial(function, case))


def conformance(component: type[Component] | str, /, **params: Any) -> Any:
    """Parametrize a test over all checks of a component: the argument is ``check``, with one test id each.

    Parameters
    ----------
    component : type or str
        The class, or its target ``"package.module:Class"``.
    **params
        Parameters of the component.
    """
    import pytest

    checks = list(component_checks(component, params))
    return pytest.mark.parametrize("check", checks, ids=[check.id for check in checks])


def _resolve(component: type[Component] | str) -> type[Component]:
    if isinstance(component, str):
        module, _, attribute = component.partition(":")
        component = getattr(import_module(module), attribute)
    if not (isinstance(component, type) and issubclass(component, Component)):
        raise TypeError(f"{component!r} is not a component class")
    return component
