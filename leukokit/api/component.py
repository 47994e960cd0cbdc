"""What all components share: typed parameters, a revision, and a fingerprint of outside content."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from leukokit.api import params as _params


class Component:
    """Base of the seven component classes.

    A subclass names its own parameter model twice: for the engine, and for type checkers::

        class MedianParams(Params):
            size: int = Field(3, ge=3, description="Window, in px; odd.")

        class Median(Preprocessor):
            Params = MedianParams
            params: MedianParams

    Parameters
    ----------
    params : Params, optional
        Validated parameters; the defaults where omitted.

    Attributes
    ----------
    revision : int
        Raised when the output changes for the same parameters and input; cached results of older revisions
        are not used again.
    stochastic : bool
        True where the component draws random numbers. It is then handed a generator derived from
        (seed, step, sample id), and its cached results belong to that seed and sample.
    uses_scale : bool
        True where the output depends on the scale of the image. ``ScaledPreprocessor`` and
        ``ScaledSegmenter`` are then handed it as ``scale``, and extractors find it in ``planes.scale``;
        cached results belong to that scale. Where it depends on the parameters, the instance says it.
    requires : tuple of str
        Importable modules that the component needs beyond leukokit's own dependencies, for a clear
        one-line error before anything runs.
    install_hint : str
        The command that installs them.
    """

    Params: ClassVar[type[_params.Params]] = _params.Params
    revision: ClassVar[int] = 1
    stochastic: ClassVar[bool] = False
    uses_scale: bool = False
    requires: ClassVar[tuple[str, ...]] = ()
    install_hint: ClassVar[str] = ""

    params: _params.Params

    def __init__(self, params: _params.Params | None = None) -> None:
        self.params = self.Params() if params is None else params

    @classmethod
    def create(cls, **params: Any) -> Self:
        """Build the component from keyword parameters, validated."""
        return cls(cls.Params(**params))

    def fingerprint(self) -> str:
        """Digest of content outside the parameters that the output depends on, such as a template file.

        Returns
        -------
        str
            Empty where parameters and revision say everything.
        """
        return ""

    def __reduce__(self) -> tuple[Any, ...]:
        # A component is its parameters: what it keeps for itself is built anew in another process.
        return (type(self), (self.params,))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.params)
        return f"{type(self).__name__}({shown})"
