"""``--log-file``: what a run tells, as lines of JSON, written by the standard library's logging."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leukokit.engine.observer import Forwarding, Observer
from leukokit.errors import UsageError


class _JsonLine(logging.Formatter):
    """One line of JSON: ``time``, ``level``, ``message``, ``stage``, and ``image`` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "stage": getattr(record, "stage", None),
        }
        image = getattr(record, "image", None)
        if image is not None:
            line["image"] = image
        return json.dumps(line, ensure_ascii=False)


class LoggingObserver(Forwarding):
    """Passes everything on to another observer, and writes it to a log.

    Parameters
    ----------
    observer : Observer
    logger : logging.Logger
    """

    def __init__(self, observer: Observer, logger: logging.Logger) -> None:
        super().__init__(observer)
        self._logger = logger
        self._stage: str | None = None

    def stage(self, name: str, total: int) -> None:
        """Write that a stage begins; lines after it name it."""
        self._stage = name
        self._write(logging.INFO, f"{name}: {total}" if total > 1 else name)
        super().stage(name, total)

    def say(self, text: str) -> None:
        """Write a line."""
        self._write(logging.INFO, text)
        super().say(text)

    def warn(self, text: str) -> None:
        """Write a warning."""
        self._write(logging.WARNING, text)
        super().warn(text)

    def image(self, id_: str, text: str) -> None:
        """Write what became of one image."""
        self._write(logging.DEBUG, text, image=id_)
        super().image(id_, text)

    def end(self, error: BaseException | None) -> None:
        """Write how the run ended."""
        if error is None:
            self._write(logging.INFO, "done")
        else:
            self._write(
                logging.ERROR, f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            )

    def _write(self, level: int, text: str, *, image: str | None = None) -> None:
        self._logger.log(level, "%s", text, extra={"stage": self._stage, "image": image})


@contextmanager
def logged(observer: Observer, path: Path | None, level: str) -> Iterator[Observer]:
    """Give an observer that also writes to a log file; the very same where there is none.

    Parameters
    ----------
    path : Path, optional
        Lines are added at its end.
    level : str
        ``debug``, ``info``, ``warning`` or ``error``: what is less serious is left out.

    Raises
    ------
    UsageError
        Where the file cannot be written.
    """
    if path is None:
        yield observer
        return
    try:
        handler = logging.FileHandler(path, mode="a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror or error}",
            where=f"--log-file {path}",
            hint="Name a file in a folder that exists and can be written to",
        ) from error
    handler.setFormatter(_JsonLine())
    logger = logging.Logger(
        "leukokit", logging.getLevelNamesMapping()[level.upper()]
    )  # none of the process's
    logger.addHandler(handler)
    logging_observer = LoggingObserver(observer, logger)
    try:
        yield logging_observer
    except BaseException as error:
        logging_observer.end(error)
        raise
    else:
        logging_observer.end(None)
    finally:
        handler.close()
