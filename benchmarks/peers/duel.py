"""Let two interpreters, a peer's and ours, take turns on the same images."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from contest import Case, Contest, Material, Peer, Values
from environments import PeerError, quiet_environment

HERE = Path(__file__).parent
PATIENCE = 900.0
"""Seconds after which a side that does not answer is given up."""

REPEATS = 3


@dataclass(frozen=True)
class PeerResult:
    """A line of the table; milliseconds are medians over images, of processor time."""

    peer: str
    what: str
    agreement: str
    peer_ms: float
    ms: float | None
    times: float | None


class Side:
    """A worker process."""

    def __init__(self, python: Path, module: str, side: str, material: Path) -> None:
        self.name = side
        self._process = subprocess.Popen(
            [str(python), str(HERE / "worker.py"), module, side, str(material)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=quiet_environment(),
        )
        # Whatever is said is read at once: a full pipe would stop the worker.
        self._said: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Ask one question and wait for the answer.

        Raises
        ------
        PeerError
            Where the side could not do it, died, or takes too long.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = threading.Timer(PATIENCE, self._process.kill)
        timer.start()
        try:
            print(json.dumps({"do": do, **more}), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            last = next((said for said in reversed(self._said) if said.strip()), "it said nothing")
            raise PeerError(f"{self.name}: the process ended: {last.strip()[:300]}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise PeerError(f"{self.name}: {reply['error']}")
        return reply

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said = [*self._said[-20:], line]


def duel(
    module: str, peer: Peer, python: Path, material: Material, scratch: Path
) -> tuple[list[PeerResult], list[dict[str, str]]]:
    """Hold all contests with one peer.

    Parameters
    ----------
    module : str
        Name of the peer's module.
    python : Path
        The peer's interpreter.
    scratch : Path
        Folder for what the sides exchange; holds ``material.npz``.

    Returns
    -------
    rows : list of Row
    errors : list of dict
        ``peer``, ``what`` and ``error`` of each contest that could not be held.
    """
    rows: list[PeerResult] = []
    errors: list[dict[str, str]] = []
    place = scratch / "material.npz"
    with (
        Side(python, module, "theirs", place) as theirs,
        Side(Path(sys.executable), module, "ours", place) as ours,
    ):
        shown = f"{peer.distribution} {theirs.ask('describe')['version']}"
        for number, contest in enumerate(peer.contests):
            print(f"{shown}: {contest.what}", file=sys.stderr)
            try:
                rows.append(_hold(number, contest, shown, theirs, ours, material, scratch))
            except PeerError as error:
                errors.append({"peer": shown, "what": contest.what, "error": str(error)})
    return rows, errors


def _hold(
    number: int, contest: Contest, peer: str, theirs: Side, ours: Side, material: Material, scratch: Path
) -> PeerResult:
    """Compare values, then time in turns."""
    sides = [theirs] if contest.ours is None else [theirs, ours]
    values = {side.name: _values(side, number, scratch) for side in sides}
    smears = [*material.smears, *(material.outlined if contest.outlined else ())]
    cases = [
        Case(smear, values["theirs"].get(i, {}), values.get("ours", {}).get(i, {}))
        for i, smear in enumerate(smears)
    ]
    try:
        agreement = contest.agreement(cases)
    except Exception as error:  # the text is made by each peer's module
        raise PeerError(f"values cannot be compared: {type(error).__name__}: {error}") from error
    took: dict[str, list[float]] = {side.name: [] for side in sides}
    for image in range(len(material.smears)):
        for side in sides:
            reply = side.ask("time", contest=number, image=image, repeats=REPEATS)
            took[side.name].append(statistics.median(reply["ms"]))
    peer_ms = statistics.median(took["theirs"])
    ms = statistics.median(took["ours"]) if "ours" in took else None
    return PeerResult(peer, contest.what, agreement, peer_ms, ms, peer_ms / ms if ms else None)


def _values(side: Side, number: int, scratch: Path) -> dict[int, Values]:
    """Values of each image."""
    to = scratch / f"values-{side.name}.npz"
    side.ask("values", contest=number, to=str(to))
    values_by_image: dict[int, dict[str, Any]] = {}
    with np.load(to, allow_pickle=False) as arrays:
        for key, value in arrays.items():
            image, _, name = key.partition("/")
            values_by_image.setdefault(int(image), {})[name] = value
    return dict(values_by_image)


def as_table(rows: list[PeerResult]) -> list[dict[str, Any]]:
    """Rows as JSON takes them."""
    return [asdict(row) for row in rows]
