"""The child process that imports the plugins of one distribution and calls their hooks.

Importing a plugin runs its code: it may change settings of numpy, OpenCV or scikit-learn for the whole
process, end it, hang or print. In this child process no result is computed, so no harm is done. The parent
(:mod:`leukokit.catalog.examination`) gets one line of JSON before each step, so that it can name the step in
which this process died.

The parent sends the question as one line on stdin, and keeps stdin open: when stdin ends, the parent has
ended.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
import threading
from collections.abc import Callable
from importlib.metadata import EntryPoint
from time import perf_counter
from typing import Any, TypeAlias

from leukokit.catalog.choice import NONE, VARIABLE
from leukokit.catalog.entry import CatalogEntry
from leukokit.catalog.kinds import ComponentKind, KindTable
from leukokit.catalog.offers import GROUP, Offer, check_entry_point, offers_of, reason_of
from leukokit.catalog.report import plain_offers
from leukokit.errors import CatalogError, MissingPackageError

START = (
    "import json, sys; question = json.loads(sys.stdin.buffer.readline()); sys.path[:] = question['path']; "
    "from leukokit.catalog.child import answer; answer(question)"
)
"""Program of the child. The path comes with the question: a notebook may have changed that of its process."""

_BACKSTOP = 5.0  # seconds that a child gives its parent to end it, before it ends itself

Say: TypeAlias = Callable[..., None]


def answer(question: dict[str, Any]) -> None:
    """Answer one question; ends the process.

    Parameters
    ----------
    question : dict
        ``points`` (name and value of each entry point), ``distribution``, ``version``, ``kinds`` (rows of
        the table of kinds), ``load`` (whether to import the components, too) and ``seconds`` (time limit of a
        step).
    """
    say = _open_answers(float(question["seconds"]))
    kinds = KindTable(tuple(ComponentKind(**row) for row in question["kinds"]))
    if not question["load"]:
        os.environ[VARIABLE] = (
            NONE  # a plugin that asks for the catalog while it is imported starts no children
        )
    for number, (name, value) in enumerate(question["points"]):
        _PluginExamination(number, name, value, question["distribution"], question["version"]).ask(
            kinds, say, load=bool(question["load"])
        )
    say(done=True)
    sys.stderr.flush()
    os._exit(0)  # does not wait for threads of a plugin, and does not run its exit handlers


class _PluginExamination:
    """The examination of one entry point."""

    def __init__(self, number: int, name: str, value: str, distribution: str, version: str) -> None:
        self.number = number
        self.name = name
        self.value = value
        self.distribution = distribution
        self.version = version
        self.doing = ""

    def ask(self, kinds: KindTable, say: Say, *, load: bool) -> None:
        """Import the plugin, call its hooks, and send what they offer, or why it is broken."""
        started = perf_counter()

        def report_step(doing: str) -> None:
            self.doing = doing
            say(point=self.number, doing=doing)

        try:
            report_step(f"importing {self.value}")
            check_entry_point(self.name)
            plugin = EntryPoint(self.name, self.value, GROUP).load()
            hooks = [kind.hook for kind in kinds]
            offers = offers_of(
                plugin, self.name, self.distribution, hooks, lambda hook: report_step(f"calling {hook}")
            )
        except BaseException as error:  # SystemExit and KeyboardInterrupt of a plugin are its mistakes, too
            say(point=self.number, reason=reason_of(error, self.doing), seconds=perf_counter() - started)
            return
        seconds = perf_counter() - started
        if load:
            for offer in offers:
                report_step(f"importing {offer.spec.target}")
                say(point=self.number, component=self._loaded(kinds, offer))
        say(point=self.number, offers=plain_offers(offers), seconds=seconds)

    def _loaded(self, kinds: KindTable, offer: Offer) -> dict[str, Any]:
        """Import one component."""
        name = f"{self.name}/{offer.spec.name}"
        entry = CatalogEntry(kinds.of_hook(offer.hook), name, offer.spec, self.distribution, self.version)
        facts: dict[str, Any] = {"kind": entry.kind.name, "name": name}
        started = perf_counter()
        try:
            entry.load()
        except CatalogError as error:
            missing = isinstance(error, MissingPackageError)
            facts.update(problem=error.what, hint=error.hint or "", missing_package=missing)
        except BaseException as error:
            facts.update(problem=reason_of(error, self.doing))
        return {**facts, "seconds": perf_counter() - started}


def _open_answers(limit: float) -> Say:
    """Take stdin and stdout away from plugins; return the function that writes a line to the parent."""
    output = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # from now on stdout is captured with stderr, for compiled code too
    sys.stdout = sys.stderr
    parent = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    importlib.invalidate_caches()

    def say(**facts: Any) -> None:
        # Where compiled code hangs and holds Python's lock, the thread above never runs; this timer does.
        faulthandler.dump_traceback_later(limit + _BACKSTOP, exit=True, file=2)
        output.write(json.dumps(facts) + "\n")
        output.flush()

    return say


def _end_with_parent(parent: int) -> None:
    while os.read(parent, 1024):
        pass
    os._exit(1)
