"""Conformance checks: one check for each requirement of the plugin contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from leukokit.api import Component
from leukokit.catalog.kinds import KINDS, ComponentKind, KindTable, load_target
from leukokit.testing import _checks_common
from leukokit.testing._case import Case


@dataclass(frozen=True)
class Check:
    """One requirement of the contract, checked when called.

    Attributes
    ----------
    id : str
        Name of the check, such as ``input_is_not_modified``.
    run : callable
        Raises AssertionError, saying what was found and what was expected.
    """

    id: str
    run: Callable[[], None]

    def __call__(self) -> None:
        """Run the check."""
        self.run()


def component_checks(
    component: type[Component] | str,
    params: Mapping[str, Any] | None = None,
    *,
    image_size: int = 96,
    kinds: KindTable = KINDS,
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
    kinds : KindTable
        Kinds that the component may be of.

    Raises
    ------
    TypeError
        Where ``component`` is not a subclass of exactly one kind's base class.
    """
    cls = _resolve(component)
    bases = {kind: kind.base_class() for kind in kinds}
    own = [kind for kind, base in bases.items() if issubclass(cls, base)]
    if len(own) != 1:
        raise TypeError(
            f"{cls.__name__} derives from {len(own)} of the component classes; expected exactly one of "
            f"{', '.join(base.__name__ for base in bases.values())}"
        )
    case = Case(cls, dict(params or {}), image_size)
    for function in (*_checks_common.CHECKS, *_checks_of(own[0])):
        yield Check(function.__name__, partial(function, case))


def _checks_of(kind: ComponentKind) -> tuple[Callable[[Case], None], ...]:
    checks: tuple[Callable[[Case], None], ...] = load_target(kind.checks) if kind.checks else ()
    return checks


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
        component = load_target(component)
    if not (isinstance(component, type) and issubclass(component, Component)):
        raise TypeError(f"{component!r} is not a component class")
    return component
