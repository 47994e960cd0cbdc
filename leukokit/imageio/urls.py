"""Remote files: parameters that are a path or a URL, and reading by URL.

A URL is anything that fsspec opens: ``https://``, ``s3://``, ``gs://``, ``ftp://``, ``memory://``, or a chain
such as ``zip://::https://example.org/smears.zip``. fsspec is imported only where a URL is used.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Annotated, Any, TypeAlias, TypeVar
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from pydantic import Field, ValidatorFunctionWrapHandler, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

from leukokit.errors import DataError, MissingPackageError

T = TypeVar("T")

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*(://|::)")
_USER = re.compile(r"(://)[^/\s]*@")
_QUERY = re.compile(r"(https?://[^\s?#]*)[?#][^\s:]*", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(\w|\{)")
_RETRY_PAUSES = (0.2, 1.0)  # seconds before a read is repeated after a connection error
_NO_RETRY = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, KeyError, ValueError)

_WEB = ("http://", "https://")
_KINDS = {"file": "file", "directory": "folder", "link": "link"}
_CACHES = ("simplecache", "filecache", "blockcache")
_PACKAGES_BY_SCHEME = {
    "http": "aiohttp",
    "https": "aiohttp",
    "s3": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "az": "adlfs",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
    "hf": "huggingface_hub",
}


def is_url(text: str) -> bool:
    """Whether ``text`` is a URL and no path: ``s3://...``, or a chain ``zip::s3://...``."""
    return _SCHEME.match(text) is not None


def shown_url(text: str) -> str:
    """Text for messages, without users, passwords and queries of signed links in URLs."""
    return _QUERY.sub(r"\1", _USER.sub(r"\1", text))


def _validate_location(value: Any, handler: ValidatorFunctionWrapHandler) -> Path | str:
    if not isinstance(value, str | Path):
        raise PydanticCustomError("path_type", "expected a path or a URL")
    if isinstance(value, Path) or not is_url(value):
        path: Path | str = handler(value)
        return path
    if _USER.search(value):
        raise ValueError(
            "a recipe is copied into every run, so no user or password belongs into its URLs; give them by "
            "fsspec's settings, such as FSSPEC_FTP_USERNAME and FSSPEC_FTP_PASSWORD in the environment"
        )
    if _QUERY.search(value):
        raise ValueError("names of files are put behind the URL, so it cannot hold '?' or '#'")
    if _VARIABLE.search(value):
        raise ValueError(f"{value}: variables are not expanded in URLs; write the URL out")
    if value.lower().startswith("file://") and "::" not in value:
        return Path(url2pathname(unquote(urlsplit(value).path)))
    return value


Location: TypeAlias = Annotated[
    Path | str,
    Field(union_mode="left_to_right"),
    WrapValidator(_validate_location),
    WithJsonSchema({"type": "string", "format": "path"}),
]
"""Type of a parameter that is a path or a URL: a ``Path``, or a ``str`` that ``is_url``.

``file://`` becomes a path. A URL with a user, a password or a query is refused.
"""


def filesystem(url: str) -> tuple[Any, str]:
    """Return fsspec's file system of a URL, and the path in it.

    Raises
    ------
    MissingPackageError
        Where fsspec, or the package for this protocol, is not installed.
    DataError
        Where the protocol is unknown or the file system cannot be opened.
    """
    try:
        import fsspec  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingPackageError(
            "a URL needs the package fsspec", where=shown_url(url), hint="Run: pip install 'leukokit[remote]'"
        ) from error
    try:
        system_and_path: tuple[Any, str] = fsspec.core.url_to_fs(url)
        return system_and_path
    except ImportError as error:
        raise MissingPackageError(
            f"this URL needs a package that is not installed ({error})",
            where=shown_url(url),
            hint=f"Run: pip install {_packages_for(url)}" if _packages_for(url) else None,
        ) from error
    except ValueError as error:
        if not str(error).startswith("Protocol not known"):
            raise DataError(f"cannot be opened: {_reason_of(error)}", where=shown_url(url)) from error
        raise DataError(
            f"cannot be opened: {_reason_of(error)}",
            where=shown_url(url),
            hint="Protocols are https, s3, gs, abfs, sftp, ftp, zip and others that fsspec knows",
        ) from error
    except Exception as error:  # a chain opens its inner file here, and protocols have their own errors
        raise DataError(f"cannot be opened: {_reason_of(error)}", where=shown_url(url)) from error


def read_url(url: str) -> bytes:
    """Content of a file; reading is repeated after connection errors.

    Raises
    ------
    OSError
        Where it cannot be read, with the reason.
    MissingPackageError, DataError
        As ``filesystem``.
    """
    system, path = filesystem(url)
    content: bytes = with_retries(lambda: system.cat_file(path))
    return content


def with_retries(work: Callable[[], T]) -> T:
    """Return the result of ``work``, which is repeated after connection errors.

    Raises
    ------
    OSError
        For all errors of the protocol, with a text without passwords.
    """
    for pause in (*_RETRY_PAUSES, None):
        try:
            return work()
        except Exception as error:
            if pause is None or isinstance(error, _NO_RETRY):
                kind = type(error) if type(error) in _NO_RETRY and isinstance(error, OSError) else OSError
                raise kind(_reason_of(error)) from error
            sleep(pause)
    raise AssertionError("the last try returns or raises")


def list_url(url: str) -> list[tuple[str, str]]:
    """Names in a folder, with their type: ``file``, ``folder``, ``link`` or ``other``.

    Entries that do not lie directly in the folder, and names that would split a URL (``::``), are left out.

    Raises
    ------
    OSError
        Where it cannot be listed.
    MissingPackageError, DataError
        As ``filesystem``.
    """
    system, path = filesystem(url)
    web = url.lower().startswith(_WEB)
    start = path.rstrip("/") + "/" if path.strip("/") else path
    entries = with_retries(lambda: system.ls(start if web else path, detail=True))
    if any(entry["name"].rstrip("/") == path.rstrip("/") and entry["type"] == "file" for entry in entries):
        raise NotADirectoryError("is a file, not a folder")
    kinds = {}
    for entry in entries:
        if not entry["name"].startswith(start):
            continue
        name = entry["name"][len(start) :].strip("/")
        if web:
            name = "" if re.search("[?#]", name) else unquote(html.unescape(name), errors="surrogateescape")
        if name and "/" not in name and "::" not in name and name not in (".", ".."):
            kinds[name] = _KINDS.get(entry["type"], "other")
    return sorted(kinds.items())


def forget_connections(url: str) -> None:
    """Clear fsspec's cached file systems of a URL, since an archive may have changed."""
    filesystem(url)
    import fsspec

    known = fsspec.available_protocols()
    for scheme in {link.partition("://")[0].lower() for link in url.split("::")}:
        if scheme in known:
            fsspec.get_filesystem_class(scheme).clear_instance_cache()


def url_inside(url: str, name: str) -> str:
    """URL of a file in the folder ``url``; for a chain, in its first folder."""
    before, scheme, path, after = _split_chain(url)
    if scheme.lower() in ("http", "https"):
        name = quote(name, errors="surrogateescape")
    folder = path.rstrip("/") + "/" if path.strip("/") else path
    return f"{before}{scheme}://{folder}{name}{after}"


def url_parent(url: str) -> str:
    """URL of the folder that contains a file."""
    before, scheme, path, after = _split_chain(url)
    return f"{before}{scheme}://{path.rpartition('/')[0]}{after}"


def _split_chain(url: str) -> tuple[str, str, str, str]:
    """Split a chain at the link with the file: text before it, scheme, path, text after it."""
    links = url.split("::")
    first = 0
    while links[first] in _CACHES and first + 1 < len(links):
        first += 1  # a cache has no path of its own
    scheme, _, path = links[first].partition("://")
    return "".join(f"{link}::" for link in links[:first]), scheme, path, "::".join(["", *links[first + 1 :]])


def _reason_of(error: BaseException) -> str:
    """Reason of an error in one line, without passwords."""
    text = (getattr(error, "strerror", None) or str(error)).strip()
    if isinstance(error, FileNotFoundError):
        text = "not there"
    elif isinstance(error, ConnectionError) or "Connect" in type(error).__name__:
        text = f"its server cannot be reached ({text or type(error).__name__})"
    return shown_url(" ".join(text.split())[:300]).rstrip(".") or type(error).__name__


def _packages_for(url: str) -> str:
    """Names of the packages for the protocols of a URL."""
    schemes = [link.partition("://")[0].lower() for link in url.split("::")]
    return " ".join(
        dict.fromkeys(_PACKAGES_BY_SCHEME[scheme] for scheme in schemes if scheme in _PACKAGES_BY_SCHEME)
    )
