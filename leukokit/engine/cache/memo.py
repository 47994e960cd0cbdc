"""Take a result from the cache, or compute it and keep it in the cache.

One result is one file (:func:`memo`) or a folder of files (:func:`memo_folder`); results of many images are
rows of one database (:func:`memo_rows`). Without a store everything is computed.

Three modules use :class:`~leukokit.engine.cache.store.Store` directly, since they do more than this: the
image stage, which reads the rows of all steps at once and skips the steps that are not needed; the fit of a
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
    keep: Callable[[T], bool] = lambda _: True,
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
    keep : callable of the result
        False where it must not be kept, as when a file was changed while it was computed.

    Returns
    -------
    object
        As ``compute`` or ``codec`` gives it. None is not kept.
    """
    if store is None:
        return compute()
    content = store.get_file(key, codec.file)
    if content is not None:
        try:
            return codec.decode(content)
        except Exception as error:  # decoders may raise any error for a result of another kind
            store.report_unusable(f"file {codec.file} of {key}", error)
    result = compute()
    if result is not None and keep(result):
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
        are left out of the results too, and passed again next time.
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
    kept = {} if store is None else _decoded(store, step, keys, codec, title)
    computed = compute([key for key in dict.fromkeys(keys) if key not in kept])
    if store is not None:
        store.put_rows(step, title, ((key, codec.encode(result)) for key, result in computed.items()))
        store.touch(step)
    return kept | dict(computed)


def _decoded(store: Store, step: str, keys: Sequence[str], codec: Codec[T], title: str) -> dict[str, T]:
    """Results that are kept; a row that is not one is left out."""
    results: dict[str, T] = {}
    for key, row in store.get_rows(step, keys).items():
        try:
            results[key] = codec.decode(row)
        except Exception as error:  # as in memo
            store.report_unusable(f"row of {title}", error)
    return results


def memo_folder(
    key: str,
    compute: Callable[[Path], None],
    read: Callable[[Path], T],
    folder: Path,
    *,
    store: Store | None,
    title: str,
    keep: Callable[[T], bool] = lambda _: True,
) -> tuple[T, bool]:
    """Fill ``folder`` with the files kept under ``key``; where there are none, compute and keep them.

    Parameters
    ----------
    key : str
        Digest of all that the files depend on.
    compute : callable
        Writes the files into ``folder``, which exists and is empty.
    read : callable
        Reads the files of ``folder``, kept or computed. Kept files that it cannot read are computed again.
    folder : Path
        Does not exist yet.
    store : Store or None
        Where None, the files are computed and not kept.
    title : str
        What ``leukokit cache`` says the entry holds.
    keep : callable of the result
        As in :func:`memo`.

    Returns
    -------
    object
        As ``read`` gives it.
    bool
        True where the files came from the cache.
    """
    kept = None if store is None else read_kept(key, read, folder, store=store, title=title)
    if kept is not None:
        return kept, True
    folder.mkdir(parents=True)
    compute(folder)
    result = read(folder)
    if store is not None and keep(result):
        store.put_folder(key, title, folder)
    return result, False


def read_kept(key: str, read: Callable[[Path], T], folder: Path, *, store: Store, title: str) -> T | None:
    """Copy the files kept under ``key`` into ``folder`` and read them.

    Returns
    -------
    object or None
        None, and no folder, where nothing is kept or ``read`` cannot use it.
    """
    kept = store.get_folder(key)
    if kept is None:
        return None
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        return read(folder)
    except Exception as error:  # readers may raise any error for files of another form
        store.report_unusable(f"folder of {title}", error)
        shutil.rmtree(folder, ignore_errors=True)
        return None
