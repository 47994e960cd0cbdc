"""Take a result from the cache, or compute it and keep it in the cache.

One result is one file (:func:`memo`) or a folder of files (:func:`memo_folder`); results of many images are
rows of one database (:func:`memo_rows`). Without a store everything is computed.

Three places talk to :class:`~leukokit.engine.cache.store.Store` themselves, since they do more than this: the
image stage, which reads the rows of all steps at once and skips the steps that nobody needs; the fit of a
model, whose checkpoints are removed once it is kept; and the executor of a cluster, which stores the rows
that its workers send.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from leukokit.engine.cache.serialization import Codec
from leukokit.engine.cache.store import Store

T = TypeVar("T")


def memo(
    key: str,
    compute: Callable[[], T],
    codec: Codec[T],
    *,
    store: Store | None,
    title: str | Callable[[T], str],
) -> T:
    """Give the result kept under ``key``; where there is none, compute and keep it.

    Parameters
    ----------
    key : str
        Digest of all that the result depends on.
    compute : callable
    codec : Codec
        How the result becomes bytes and back.
    store : Store or None
        Where None, the result is computed and not kept.
    title : str, or callable of the result
        What ``leukokit cache`` says the entry holds.

    Returns
    -------
    object
        As ``compute`` or ``codec`` gives it. None is not kept.
    """
    if store is None:
        return compute()
    content = store.get_file(key, codec.file)
    if content is not None:
        return codec.decode(content)
    result = compute()
    if result is not None:
        text = title if isinstance(title, str) else title(result)
        store.put_file(key, text, codec.encode(result), codec.file)
    return result


def memo_rows(
    step: str,
    keys: Sequence[str],
    compute: Callable[[Sequence[str]], Mapping[str, T]],
    codec: Codec[T],
    *,
    store: Store | None,
    title: str,
) -> dict[str, T]:
    """Give the result of each key, from the cache where possible; compute the others together and keep them.

    Parameters
    ----------
    step : str
        Digest of what is computed, whatever the image.
    keys : sequence of str
        One an image; may repeat.
    compute : callable
        Takes the keys that are missing, each once, in order; gives their results. Keys that it leaves out
        are left out here too and asked again next time.
    codec : Codec
        How one result becomes bytes and back.
    store : Store or None
        Where None, all is computed and nothing kept.
    title : str
        What ``leukokit cache`` says the rows hold.

    Returns
    -------
    dict
    """
    kept = store.get_rows(step, keys) if store is not None else {}
    computed = compute([key for key in dict.fromkeys(keys) if key not in kept])
    if store is not None:
        store.put_rows(step, title, ((key, codec.encode(result)) for key, result in computed.items()))
        store.touch(step)
    return {key: codec.decode(row) for key, row in kept.items()} | dict(computed)


def memo_folder(
    key: str, compute: Callable[[Path], None], folder: Path, *, store: Store | None, title: str
) -> bool:
    """Fill ``folder`` with the files kept under ``key``; where there are none, compute and keep them.

    Parameters
    ----------
    key : str
        Digest of all that the files depend on.
    compute : callable
        Writes the files into ``folder``, which exists and is empty.
    folder : Path
        Does not exist yet.
    store : Store or None
        Where None, the files are computed and not kept.
    title : str
        What ``leukokit cache`` says the entry holds.

    Returns
    -------
    bool
        True where the files came from the cache.
    """
    kept = store.get_folder(key) if store is not None else None
    if kept is not None:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        return True
    folder.mkdir(parents=True)
    compute(folder)
    if store is not None:
        store.put_folder(key, title, folder)
    return False
