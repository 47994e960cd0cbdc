"""Files by URL: what is read, what is listed, what is shown, and what is said when it cannot be done."""

from __future__ import annotations

import sys
from pathlib import Path

import fsspec
import pytest
from fsspec import AbstractFileSystem
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leukokit.api import DataError, Field, Location, Params, Sample, is_url, read_url, shown_url
from leukokit.errors import MissingPackageError
from leukokit.imageio.urls import list_url, url_inside, url_parent, with_retries


class Placed(Params):
    root: Location = Field(description="Where.")


@pytest.mark.parametrize("url", ["s3://bucket/a", "HTTPS://h/x", "zip::s3://b/x.zip", "memory://", "a+b://c"])
def test_a_protocol_makes_a_url(url: str) -> None:
    assert is_url(url)
    assert Placed.model_validate_json(f'{{"root": "{url}"}}', strict=True).root == url


@pytest.mark.parametrize("path", ["data", "/data/a:b", "C:\\data", "C:/data", "./a://b", "a b://c", ""])
def test_other_texts_are_paths(path: str) -> None:
    assert not is_url(path)
    assert Placed(root=path).root == Path(path)


def test_a_file_url_is_the_path_that_it_means(tmp_path: Path) -> None:
    """Results are then those of the path in every file, ``predictions.csv`` among them."""
    odd = tmp_path / "a b%c"
    assert Placed(root=odd.as_uri()).root == odd


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://user:secret@host/x", "no user or password belongs into its URLs"),
        ("zip::ftp://user:secret@host/x.zip", "no user or password belongs into its URLs"),
        ("https://host/x?sig=secret", r"it cannot hold '\?' or '#'"),
        ("s3://bucket/$USER", "variables are not expanded"),
    ],
)
def test_a_url_that_would_tell_or_break_is_refused(url: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as error:
        Placed(root=url)
    assert "secret" not in str(error.value.errors(include_input=False, include_url=False))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ftp://user:se@cret@host/x", "ftp://host/x"),
        ("https://host/a.png?sig=secret&x=1", "https://host/a.png"),
        ("zip://a.png::https://host/a.zip?sig=secret", "zip://a.png::https://host/a.zip"),
        ("zip://a.png::https://u:secret@host/a.zip", "zip://a.png::https://host/a.zip"),
        ("cannot read 'ftp://u:secret@host/x', sorry", "cannot read 'ftp://host/x', sorry"),
        ("s3://bucket/a@b.png", "s3://bucket/a@b.png"),
        ("/home/me/a?b@c.png", "/home/me/a?b@c.png"),
    ],
)
def test_no_password_is_shown(text: str, shown: str) -> None:
    assert shown_url(text) == shown


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/:"), min_size=1)


@given(name=NAMES)
@pytest.mark.parametrize(
    "root", ["https://h/x", "https://h", "s3://b", "memory://", "zip://::s3://b/x.zip", "zip::s3://b/x.zip"]
)
def test_a_file_lies_in_its_folder(root: str, name: str) -> None:
    url = url_inside(root, name)
    assert is_url(url)
    assert url_inside(url_parent(url), name) == url
    assert url.partition("::")[2] == root.partition("::")[2]


def test_a_cache_in_front_keeps_its_place() -> None:
    assert url_inside("simplecache::https://h/x", "a b.png") == "simplecache::https://h/x/a%20b.png"


def test_nothing_outside_the_folder_is_listed() -> None:
    """A server may say anything; names that are no names are dropped."""

    class Lying(AbstractFileSystem):  # type: ignore[misc]
        protocol = "lying"

        def ls(self, path: str, detail: bool = True, **options: object) -> list[dict[str, object]]:
            names = ["d/a", "d/../secret", "d/..", "e/b", "d", "d/sub/c", "d/x::y", "d/.", "d/l"]
            kinds = {"d": "directory", "d/l": "link"}
            return [{"name": name, "type": kinds.get(name, "file"), "size": 1} for name in names]

    fsspec.register_implementation("lying", Lying, clobber=True)
    assert list_url("lying://d") == [("a", "file"), ("l", "link")]


def test_a_connection_that_breaks_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leukokit.imageio.urls.sleep", lambda _: None)
    tries = iter([ConnectionError("reset"), TimeoutError(), b"content"])

    def read() -> bytes:
        given = next(tries)
        if isinstance(given, Exception):
            raise given
        return given

    assert with_retries(read) == b"content"


@pytest.mark.parametrize("error", [FileNotFoundError, PermissionError])
def test_what_will_not_get_better_is_not_tried_again(error: type[OSError]) -> None:
    tries = []

    def read() -> bytes:
        tries.append(1)
        raise error("ftp://user:secret@host/x")

    with pytest.raises(error) as caught:
        with_retries(read)
    assert len(tries) == 1
    assert "secret" not in str(caught.value)


def test_an_unknown_protocol_is_named() -> None:
    with pytest.raises(DataError, match=r"nix://x: .*Protocol not known: nix\. Protocols are https, s3"):
        read_url("nix://x")


def test_a_missing_package_of_a_protocol_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingPackageError, match=r"s3://b/x: .*not installed.* Run: pip install s3fs"):
        read_url("s3://b/x")


def test_a_missing_fsspec_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingPackageError, match=r"Run: pip install 'leukokit\[remote\]'"):
        read_url("memory://x")


def test_a_server_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aiohttp")
    monkeypatch.setattr("leukokit.imageio.urls.sleep", lambda _: None)
    with pytest.raises(OSError, match="its server cannot be reached"):
        read_url("http://127.0.0.1:9/x")


def test_a_sample_has_a_path_or_a_url() -> None:
    with pytest.raises(ValueError, match="sample x has both a path and a URL"):
        Sample("x", path=Path("x"), url="s3://x")
    with pytest.raises(ValueError, match="the URL of sample x does not begin with a protocol"):
        Sample("x", url="x.png")
    assert Sample("x").rendered
    assert not Sample("x", url="s3://x").rendered


def test_paths_need_no_fsspec() -> None:
    """Start-up of a run that has no URL does not pay for it."""
    import subprocess

    code = "import leukokit.workflow, sys; print('fsspec' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
