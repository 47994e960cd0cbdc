"""Check that a foreign classifier does not change its examples: the next step gets the same ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from leukokit.api import Examples, PluginError
from leukokit.engine.cache.keys import array_digest, digest
from leukokit.engine.components.origin import is_foreign


@contextmanager
def inputs_unchanged(examples: Mapping[str, Examples | None], *components: object) -> Iterator[None]:
    """Compare examples before and after the block.

    Images are not compared: they come as arrays that cannot be written to.

    Parameters
    ----------
    examples : mapping of str to Examples or None
        By the names that messages use.
    *components : object
        Those that get the examples; nothing is compared where all are leukokit's own.

    Raises
    ------
    PluginError
        Where examples were changed.
    """
    if not any(map(is_foreign, components)):
        yield
        return
    given = {name: part for name, part in examples.items() if part is not None}
    before = {name: _parts(part) for name, part in given.items()}
    yield
    for name, part in given.items():
        changed = [field for field, content in _parts(part).items() if content != before[name][field]]
        if changed:
            raise PluginError(
                f"changed the {' and '.join(changed)} of the {name}, which are for reading only",
                hint="Change a copy",
            )


def _parts(examples: Examples) -> dict[str, str]:
    """Digest of each field that could be written to."""
    parts = {"ids": digest(list(examples.ids))}
    if examples.labels is not None:
        parts["labels"] = array_digest(examples.labels)
    if examples.groups is not None:
        parts["groups"] = array_digest(examples.groups)
    if examples.features is not None:
        table = examples.features
        parts["features"] = digest(list(map(str, table.columns)), array_digest(table.to_numpy()))
    return parts
