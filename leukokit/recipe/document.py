"""Read YAML 1.2 into plain values that remember their line and column.

The text is read event by event with an explicit stack, so a hostile file cannot exhaust memory, time or the
interpreter's stack, and nothing is ever constructed but text, numbers, lists and mappings. Tags, anchors,
aliases and doubled keys are refused; all of them that a file holds are reported together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from leukokit.errors import Problem, RecipeError

MAX_BYTES = 256 * 1024
"""Some 200 times the longest recipe of ours; the YAML scanner needs up to 4 us a byte."""
MAX_VALUES = 5_000
"""Values and keys in one file; the YAML scanner needs some 50 us each."""
MAX_DEPTH = 50

Path: TypeAlias = tuple[str | int, ...]

_OPENERS = re.compile(r"[\[{](?:\s*+[\[{])*+")
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NAMED: dict[str, Any] = {"null": None, "Null": None, "NULL": None, "~": None, "": None}
_NAMED |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_NAMED |= dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan"))


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """Where something was written: a file with line and column (from 1), or an override."""

    source: str
    line: int | None = None
    column: int | None = None


@dataclass
class Document:
    """Plain values, and where in the file each was written.

    Attributes
    ----------
    source : str
        File name shown in problems.
    data : object
        None, bool, int, float, str, list and dict with text keys.
    keys, values : dict of path to SourcePosition
        Where each key and each value begins.
    holes : set of path
        Values that could not be read and are reported already.
    problems : list of Problem
    """

    source: str
    data: Any = None
    keys: dict[Path, SourcePosition] = field(default_factory=dict)
    values: dict[Path, SourcePosition] = field(default_factory=dict)
    holes: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def position(self, path: Path, *, of_key: bool = False) -> SourcePosition:
        """Position of a value (or of its key); where the path was not written, of what encloses it."""
        for end in range(len(path), -1, -1):
            known = path[:end]
            first, second = (self.keys, self.values) if of_key else (self.values, self.keys)
            position = first.get(known) or second.get(known)
            if position is not None:
                return position
        return SourcePosition(self.source, 1, 1)

    def problem(self, path: Path, message: str, *, of_key: bool = False) -> None:
        """Add a problem, located."""
        position = self.position(path, of_key=of_key)
        self.problems.append(Problem(dotted(path), message, position.source, position.line, position.column))

    def is_hole(self, path: Path) -> bool:
        """Whether the value, or what encloses it, is reported as unreadable already."""
        return any(path[:end] in self.holes for end in range(len(path) + 1))


def shown(text: object, limit: int = 60) -> str:
    """Quote text from a recipe for a message: control characters escaped, cut where it is long."""
    whole = str(text)
    return json.dumps(whole if len(whole) <= limit else f"{whole[:limit]}...", ensure_ascii=False)


def dotted(path: Path) -> str:
    """``("features", 0, "use")`` as ``features.0.use``."""
    return ".".join(str(part) for part in path)


def read_document(content: bytes, source: str) -> Document:
    """Read one YAML document.

    Parameters
    ----------
    content : bytes
        UTF-8, at most ``MAX_BYTES``.
    source : str
        File name for problems.

    Raises
    ------
    RecipeError
        Where the text cannot be read any further: too large, not UTF-8, not YAML, nested too deep.
    """
    return _YamlReader(Document(source), _decoded(content, source)).read()


def _decoded(content: bytes, source: str) -> str:
    if len(content) > MAX_BYTES:
        message = f"the file has {len(content):,} bytes; a recipe may have at most {MAX_BYTES:,}"
        raise RecipeError([Problem("", message, source, 1, 1)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = content.rfind(b"\n", 0, error.start) + 1
        message = f"byte 0x{content[error.start]:02x} is not UTF-8 text; save the file as UTF-8"
        line = content.count(b"\n", 0, error.start) + 1
        raise RecipeError([Problem("", message, source, line, error.start - start + 1)]) from None


@dataclass
class _OpenList:
    """A list whose end has not been read yet."""

    path: Path
    values: list[Any] = field(default_factory=list)

    def value_path(self) -> Path:
        """Path of the next value."""
        return (*self.path, len(self.values))

    def add(self, value: Any) -> None:
        """Add the next value."""
        self.values.append(value)


@dataclass(frozen=True)
class _AwaitingKey:
    """A key whose value has not been read yet; ``repeated`` where the mapping has that key already."""

    name: str
    repeated: bool


@dataclass
class _OpenMapping:
    """A mapping whose end has not been read yet, with the key that awaits its value."""

    path: Path
    values: dict[str, Any] = field(default_factory=dict)
    key: _AwaitingKey | None = None

    def value_path(self) -> Path:
        """Path of the value of the key; that of a repeated key is read for its mistakes and not kept."""
        if self.key is None:
            return self.path
        return (*self.path, f"{self.key.name} (second)" if self.key.repeated else self.key.name)

    def add(self, value: Any) -> None:
        """Give the key its value."""
        if self.key is not None and not self.key.repeated:
            self.values[self.key.name] = value
        self.key = None


class _YamlReader:
    """Builds the values of one document from YAML events."""

    def __init__(self, document: Document, text: str) -> None:
        self.document = document
        self.text = text
        self.stack: list[_OpenList | _OpenMapping] = []

    def read(self) -> Document:
        self._refuse_many_brackets()
        started = False
        for count, event in enumerate(self._events(), 1):
            if count > MAX_VALUES:
                self._stop(event, f"a recipe may have at most {MAX_VALUES:,} keys and values")
            if isinstance(event, events.DocumentStartEvent):
                if started:
                    self._stop(event, "a second document begins here; a recipe is one document without '---'")
                if event.version not in (None, (1, 2)) or event.tags:
                    self._stop(event, "YAML directives ('%...') cannot be used; recipes are YAML 1.2")
                started = True
            elif isinstance(event, events.NodeEvent):
                self._node(event)
            elif isinstance(event, (events.SequenceEndEvent, events.MappingEndEvent)):
                self.stack.pop()
        return self.document

    def _refuse_many_brackets(self) -> None:
        # The scanner looks for a ':' in the next 1,024 letters and compares every bracket in them with every
        # other. That takes 0.6 s; this check takes a millisecond.
        for run in _OPENERS.finditer(self.text):
            if run[0].count("[") + run[0].count("{") > 4 * MAX_DEPTH:
                before = self.text[: run.start()]
                column = run.start() - before.rfind("\n")
                self._fail(before.count("\n") + 1, column, f"nested deeper than {MAX_DEPTH} levels")

    def _events(self) -> Iterator[Any]:
        try:
            yield from YAML(typ="safe", pure=True).parse(self.text)
        except ReaderError as error:
            before = self.text[: error.position]
            column = error.position - before.rfind("\n")
            self._fail(before.count("\n") + 1, column, "a control character cannot stand in a recipe")
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            self._fail(line, column, _plain_words(error.problem or error.context or "unreadable"))
        except RecipeError:
            raise
        except (YAMLError, ValueError, LookupError, AttributeError, TypeError, AssertionError) as error:
            # ruamel.yaml raises a few internal errors on malformed directives and tags.
            self._fail(1, 1, f"not valid YAML ({type(error).__name__}: {str(error)[:200]})")

    def _node(self, event: Any) -> None:
        parent = self.stack[-1] if self.stack else None
        if isinstance(parent, _OpenMapping) and parent.key is None:
            self._key(event, parent)
            return
        path = self._path()
        self.document.values[path] = self._position(event)
        if getattr(event, "anchor", None) is not None:
            mark = "*" if isinstance(event, events.AliasEvent) else "&"
            self.document.problem(
                path, f"{shown(mark + str(event.anchor))}: anchors and aliases cannot be used"
            )
        if getattr(event, "ctag", None) is not None:
            self.document.problem(path, f"tag {shown(event.tag)} cannot be used; recipes hold plain values")
        if isinstance(event, events.AliasEvent):
            self.document.holes.add(path)
            self._put(None)
        elif isinstance(event, events.ScalarEvent):
            self._put(self._scalar(event))
        else:
            if len(self.stack) >= MAX_DEPTH:
                self._stop(event, f"nested deeper than {MAX_DEPTH} levels")
            opened = _OpenList(path) if isinstance(event, events.SequenceStartEvent) else _OpenMapping(path)
            self._put(opened.values)
            self.stack.append(opened)

    def _key(self, event: Any, mapping: _OpenMapping) -> None:
        if not isinstance(event, events.ScalarEvent):
            self._stop(event, "a key must be plain text; put text with '[', '{' or '*' in quotes")
        key = self._text(event)
        position = self._position(event)
        path = (*mapping.path, key)
        repeated = key in mapping.values
        if repeated:
            first = self.document.keys[path]
            message = f"key {shown(key)} is given twice; the first is in line {first.line}"
            self.document.problems.append(
                Problem(dotted(path), message, position.source, position.line, position.column)
            )
        else:
            self.document.keys[path] = position
        if event.anchor is not None:
            self.document.problem(
                path, f"{shown('&' + str(event.anchor))}: anchors cannot be used", of_key=True
            )
        if event.ctag is not None:
            self.document.problem(path, f"tag {shown(event.tag)} cannot be used", of_key=True)
        mapping.key = _AwaitingKey(key, repeated)

    def _path(self) -> Path:
        if not self.stack:
            return ()
        return self.stack[-1].value_path()

    def _put(self, value: Any) -> None:
        if not self.stack:
            self.document.data = value
        else:
            self.stack[-1].add(value)

    def _scalar(self, event: Any) -> Any:
        text = self._text(event)
        if event.style is not None or not event.implicit[0]:
            return text
        return plain_scalar(text)

    def _text(self, event: Any) -> str:
        text = str(event.value)
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            self._stop(event, "half of a surrogate pair is not a character")
        return text

    def _position(self, event: Any) -> SourcePosition:
        return SourcePosition(self.document.source, event.start_mark.line + 1, event.start_mark.column + 1)

    def _stop(self, event: Any, message: str) -> None:
        self._fail(event.start_mark.line + 1, event.start_mark.column + 1, message)

    def _fail(self, line: int, column: int, message: str) -> None:
        last = Problem("", message, self.document.source, line, column)
        raise RecipeError([*self.document.problems, last])


def plain_scalar(text: str) -> Any:
    """Value of an unquoted scalar after YAML 1.2's core schema (``1e-4`` is a number, ``no`` is text)."""
    if text in _NAMED:
        return _NAMED[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL_OR_HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if infinite := _INFINITE.fullmatch(text):
        return float(f"{infinite[1]}inf")
    return text


def _plain_words(problem: str) -> str:
    for part, words in (
        (
            "mapping values are not allowed",
            "a ':' cannot stand here; indent the line like the one above, or put text with ':' in quotes",
        ),
        ("'\\t'", "a tab cannot indent YAML; use spaces"),
        ("expected <block end>", "this line is indented unlike the lines above it"),
        ("could not find expected ':'", "a ':' is missing after a key in the line above, or here"),
        ("found unexpected end of stream", "a quote is opened and not closed"),
        (
            "found unknown escape character",
            "a backslash in double quotes begins an escape; write paths in single quotes "
            "('C:\\images'), or with '/' (C:/images)",
        ),
        ("<stream end>", "a bracket or brace is opened and not closed"),
        ("expected ',' or", "a ',' or the closing bracket is missing before this"),
    ):
        if part in problem:
            return words
    return f"not valid YAML: {' '.join(problem.split())[:200]}"
