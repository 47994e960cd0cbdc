"""Read files of a directory that may come from a stranger: nothing outside it, nothing endless, nothing huge.

A run directory is often sent by someone else. A link in it could put a file of the reader into a report, a
named pipe would be waited for without end, and a file of many gigabytes would fill the memory.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from leukokit.errors import DataError
from leukokit.input_file import MEGABYTE as MEGABYTE
from leukokit.input_file import TooLarge, UnusableFile, read_open_file

AGAIN = "The run directory is damaged: run the recipe again, or copy the directory again"
UNUSUAL = "No run writes such a file: check where the directory comes from"

# Not on every platform: Windows has neither links that open() follows by default nor named pipes in folders.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def has_file(root: Path, name: str) -> bool:
    """Whether the directory has an entry of that name, be it readable or not."""
    return os.path.lexists(root / name)


def read_bytes(root: Path, name: str, most: int) -> bytes:
    """Content of one file of a directory.

    Parameters
    ----------
    root : Path
        The directory.
    name : str
        Path of the file in it, with ``/``.
    most : int
        Largest size, bytes.

    Raises
    ------
    DataError
        Where the file is missing, leads out of the directory, is no regular file, or is larger.
    """
    path = root / name
    where = str(path)
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            raise DataError(
                "is a link that leads out of the run directory; expected a file of the run itself",
                where=where,
                hint="Put the file in place of the link, if you trust where it leads",
            )
        # Nothing is read before the open file itself is known to be an ordinary one: no pipe, no device.
        handle = os.open(real, _FLAGS)
        with os.fdopen(handle, "rb") as file:
            return read_open_file(file.fileno(), most)
    except UnusableFile as error:
        raise DataError(
            error.reason, where=where, hint=UNUSUAL if isinstance(error, TooLarge) else AGAIN
        ) from None
    except FileNotFoundError:
        raise DataError("there is no such file, and every run writes it", where=where, hint=AGAIN) from None
    except OSError as error:
        if error.errno == errno.ELOOP or isinstance(error, RuntimeError):
            raise DataError("is a link that leads nowhere", where=where, hint=AGAIN) from None
        raise DataError(f"cannot be read ({error.strerror or error})", where=where, hint=AGAIN) from error
    except (ValueError, RuntimeError) as error:  # a null in the name, or links that go round
        raise DataError(f"cannot be read ({error})", where=where, hint=AGAIN) from error
