"""Base class of all components: typed parameters, a revision, and a fingerprint of external content."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from leukokit.api import params as _params


class Component:
    """Base of the seven component classes.

    A subclass declares its parameter model twice, for the engine and for type checkers::

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
        Increased when the output changes for the same parameters and input: a saved model asks for the
        revision that it was fitted with. Caches notice new code by themselves: the key of a result holds the
        version of the distribution, the source of the component and of what it imports from its own package
        and from leukokit, and the versions of other packages. An equal revision is no promise that lets old
        results be used with new code, since it is just what an author forgets.
    stochastic : bool
        True where the component draws random numbers. It then gets a generator derived from (seed, step,
        sample id), and its cached results are valid for that seed and sample.
    uses_scale : bool
        True where the output depends on the scale of the image. ``ScaledPreprocessor`` and
        ``ScaledSegmenter`` then get it as ``scale``, and extractors as ``planes.scale``; cached results are
        valid for that scale. Where this depends on the parameters, the instance sets it.
    requires : tuple of str
        Importable modules that the component needs beyond leukokit's own dependencies, for a clear error
        message before anything runs.
    install_hint : str
        Command that installs them.
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
        """Digest of external content that the output depends on, such as a template file.

        Returns
        -------
        str
            Empty where the output depends only on parameters and revision.
        """
        return ""

    def missing(self) -> str | None:
        """Say what the component needs that is not on this machine, such as weights.

        Returns
        -------
        str or None
            None where all is here; otherwise what is not, where the component fetches it by itself.

        Raises
        ------
        LeukokitError
            Where it has to be installed or fetched by hand, saying how.
        """
        return None

    def __reduce__(self) -> tuple[Any, ...]:
        # Only parameters are pickled: internal state is rebuilt in another process.
        return (type(self), (self.params,))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.params)
        return f"{type(self).__name__}({shown})"
