"""The context in which every method of a component is called.

A foreign component may raise anything, ``SystemExit`` included, and change settings of the whole process.
Its error then names the component, its distribution, the method and the image, and the settings are restored.
Components of leukokit itself are called without this: they keep the contract, which is tested, and their
errors are bugs of leukokit that are reported as such, with the traceback.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from leukokit.engine.components.origin import is_foreign, origin_of
from leukokit.engine.components.settings import RestoredSettings
from leukokit.errors import LeukokitError, PluginError
from leukokit.process import stop


@dataclass(frozen=True, slots=True)
class CallPlace:
    """A method of a foreign component that is being called.

    Attributes
    ----------
    module, name : str
        Of its class.
    method : str
        Empty while the module is imported.
    image : str or None
        Id of the image that the call is about.
    setting : str
        The setting of a tuned recipe that is being tried, such as ``classify.C=10``; otherwise empty.
    """

    module: str
    name: str
    method: str
    image: str | None = None
    setting: str = ""

    @classmethod
    def of_target(cls, target: str, method: str = "") -> Self:
        """Make it of the ``"package.module:Class"`` of a spec; without a method, of the import."""
        module, _, name = target.partition(":")
        return cls(module, name, method)

    @property
    def method_of_distribution(self) -> str:
        """Class, method and distribution, as shown to users."""
        if not self.method:
            return f"the import of {self.module} of {origin_of(self.module).name}"
        return f"{self.name}.{self.method} of {origin_of(self.module).name}"

    def __str__(self) -> str:
        about = f", image {self.image}" if self.image is not None else ""
        tried = f", while trying {self.setting}" if self.setting else ""
        return f"{self.method_of_distribution}{about}{tried}"

    @property
    def advice(self) -> str:
        """Where to report the error."""
        contact = origin_of(self.module).contact
        return f"Report this to {contact}" if contact else "Report this to the authors of the plugin"


class ComponentFailed(PluginError):
    """A foreign component raised something.

    Attributes
    ----------
    trace : str
        Python's traceback.
    place : CallPlace or None
    out_of_memory : bool
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        trace: str = "",
        place: CallPlace | None = None,
        out_of_memory: bool = False,
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.trace = trace
        self.place = place
        self.out_of_memory = out_of_memory
        if trace:
            self.add_note(trace)

    def __reduce__(self) -> tuple[object, ...]:
        arguments = self.what, self.where, self.hint, self.trace, self.place, self.out_of_memory
        return (_rebuilt, arguments)

    @property
    def of_image(self) -> str:
        """What is wrong and where, for a list that names the image beside it."""
        return self.what if self.place is None else f"{self.what} ({self.place.method_of_distribution})"

    @classmethod
    def at(cls, place: CallPlace, error: BaseException) -> Self:
        """Make the error from what a component raised; called while ``error`` is handled."""
        return cls(
            _message(error),
            where=str(place),
            hint=place.advice,
            trace="".join(traceback.format_exception(error)),
            place=place,
            out_of_memory=isinstance(error, MemoryError),
        )


def _rebuilt(
    what: str, where: str | None, hint: str | None, trace: str, place: CallPlace | None, out_of_memory: bool
) -> ComponentFailed:
    return ComponentFailed(
        what, where=where, hint=hint, trace=trace, place=place, out_of_memory=out_of_memory
    )


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"tried to end the whole process (SystemExit: {error.code})"
    if isinstance(error, KeyboardInterrupt):
        return "raised KeyboardInterrupt, and nobody had interrupted"
    return f"{type(error).__name__}: {error}"


_listener: ContextVar[Callable[[CallPlace], None] | None] = ContextVar(
    "leukokit_component_calls", default=None
)


@contextmanager
def calls_reported(listener: Callable[[CallPlace], None]) -> Iterator[None]:
    """Call ``listener`` before each call into a foreign component.

    If a process dies in such a call, it has already reported which one.
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report_call(place: CallPlace) -> None:
    """Report a call that is made without a context: an import, or a constructor."""
    listener = _listener.get()
    if listener is not None:
        listener(place)


def calls_are_reported() -> bool:
    """Whether another process is told which component is called, and names it if this one dies."""
    return _listener.get() is not None


class ComponentCall:
    """The context of one call into a component.

    Parameters
    ----------
    component : object
        The component that is called. A model counts as its classifier.
    method : str
        Name of the method.
    *others : object
        Components that it calls in turn, such as the selectors of a fit.
    image : str, optional
        Id of the image that the call is about.
    setting : str
        The setting that is being tried.

    Raises
    ------
    ComponentFailed
        In place of any error of a foreign component, except errors of leukokit, which are clear already, and
        a stop by the user.
    """

    __slots__ = ("_components", "_foreign", "_image", "_method", "_setting", "_settings")

    def __init__(
        self, component: object, method: str, *others: object, image: str | None = None, setting: str = ""
    ) -> None:
        self._components = (component, *others)
        self._method = method
        self._image = image
        self._setting = setting
        self._foreign = tuple(one for one in self._components if is_foreign(one))
        self._settings: RestoredSettings | None = None

    def __enter__(self) -> None:
        if not self._foreign:
            return
        report_call(self.place)
        self._settings = RestoredSettings()
        self._settings.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._settings is None:
            return
        self._settings.__exit__(kind, error, trace)
        if error is None or isinstance(error, GeneratorExit | stop.Stopped):
            return
        stop.check(error)  # an interrupt by the user is raised unchanged
        if isinstance(error, LeukokitError):
            self._name_broken_contract(error)
            return
        raise ComponentFailed.at(self._place(self._failing_component(trace)), error) from error

    def _name_broken_contract(self, error: LeukokitError) -> None:
        """Raise the engine's error about a result again, with the name of the component."""
        if type(error) is PluginError:
            place = self.place
            where = f"{place}: {error.where}" if error.where else str(place)
            raise PluginError(error.what, where=where, hint=error.hint or place.advice) from error

    @property
    def is_foreign(self) -> bool:
        """Whether a foreign component takes part."""
        return bool(self._foreign)

    @property
    def place(self) -> CallPlace:
        """The call, by its first foreign component; by the called one where none is foreign."""
        return self._place(next(iter(self._foreign), self._components[0]))

    def _place(self, component: object) -> CallPlace:
        cls, called = type(component), self._components[0]
        inside = "" if component is called else f" in {type(called).__name__}"
        return CallPlace(cls.__module__, f"{cls.__name__}{inside}", self._method, self._image, self._setting)

    def _failing_component(self, trace: TracebackType | None) -> object:
        """Component whose package raised the error; the first foreign one where that is not known."""
        modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(trace)]
        for level in (_module_of, _package_of):  # two components may be of one package
            of_level = {level(type(one).__module__): one for one in reversed(self._foreign)}
            for module in reversed(modules):
                if level(module) in of_level:
                    return of_level[level(module)]
        return self._foreign[0]


def _module_of(name: str) -> str:
    return name


def _package_of(name: str) -> str:
    return name.partition(".")[0]


def call_method(component: object, method: str) -> Any:
    """Call a method of a component that takes no arguments."""
    with ComponentCall(component, method):
        return getattr(component, method)()
