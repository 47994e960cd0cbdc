"""One side of the contests with one peer: computes and times what it is asked for, a JSON line at a time.

    PYTHON worker.py MODULE theirs|ours MATERIAL

Runs in the peer's interpreter for the peer's side and in leukokit's for ours, so that this file and
``contest.py`` import numpy only. The caller lets the two take turns.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from contest import Material, Peer, Task


class Worker:
    """Holds the material and the tasks that were set up."""

    def __init__(self, module: str, side: str, material: Path) -> None:
        self.peer: Peer = importlib.import_module(module).PEER
        self.side = side
        self.material = Material.load(material)
        self._tasks: dict[int, Task] = {}
        self._prepared: dict[tuple[int, int], Any] = {}

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked."""
        match question["do"]:
            case "describe":
                name = self.peer.distribution if self.side == "theirs" else "leukokit"
                return {"version": version(name)}
            case "values":
                return self.values(question["contest"], Path(question["to"]))
            case "time":
                return self.time(question["contest"], question["image"], question["repeats"])
        raise ValueError(f"unknown question {question}")

    def values(self, number: int, to: Path) -> dict[str, Any]:
        """Compute every image once, which also warms everything up."""
        task = self._task(number)
        outlined = self.material.outlined if self.peer.contests[number].outlined else ()
        columns = {}
        for i, smear in enumerate((*self.material.smears, *outlined)):
            for name, value in task.values(task.run(task.prepare(smear))).items():
                columns[f"{i}/{name}"] = np.asarray(value)
        np.savez(to, **columns)  # type: ignore[arg-type]
        return {"values": len(columns)}

    def time(self, number: int, image: int, repeats: int) -> dict[str, Any]:
        """Processor milliseconds of one image, over and over: other processes then disturb least."""
        task = self._task(number)
        took = []
        for _ in range(repeats):
            prepared = task.prepare(self.material.smears[image])
            started = time.process_time()
            task.run(prepared)
            took.append((time.process_time() - started) * 1e3)
        return {"ms": took}

    def _task(self, number: int) -> Task:
        if number not in self._tasks:
            contest = self.peer.contests[number]
            make = contest.theirs if self.side == "theirs" else contest.ours
            assert make is not None
            self._tasks[number] = make(self.material)
        return self._tasks[number]


def one_thread() -> None:
    """Keep libraries that are here and ignore the environment's variables to one thread."""
    for name, call in (("cv2", "setNumThreads"), ("torch", "set_num_threads")):
        try:
            getattr(importlib.import_module(name), call)(1)
        except ImportError:
            continue


def main() -> None:
    """Answer questions until there are none."""
    # What libraries print goes to stderr; answers have the channel for themselves.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    one_thread()
    module, side, material = sys.argv[1:]
    worker = Worker(module, side, Path(material))
    for line in sys.stdin:
        try:
            reply = worker.answer(json.loads(line))
        except Exception as error:  # one contest that fails costs no other
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
