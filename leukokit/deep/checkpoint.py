"""Checkpoints of a training after each epoch, written atomically."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.process import stop

_FILE = "training.npz"


@dataclass
class TrainingState:
    """Progress of a training.

    Attributes
    ----------
    phase : int
        Number of the phase, from 0.
    epoch : int
        Number of finished epochs in this phase.
    steps : int
        Number of finished batches in all phases.
    best : float or None
        Lowest validation loss in this phase; ``waited`` counts epochs since.
    history : list of dict
        One row per epoch, of all phases.
    """

    phase: int = 0
    epoch: int = 0
    steps: int = 0
    best: float | None = None
    waited: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)


Arrays = dict[str, list[NDArray[Any]]]
"""Named lists of arrays: the network, its optimizer, the best weights so far."""


def save(folder: Path, state: TrainingState, arrays: Arrays) -> None:
    """Write a checkpoint atomically: an interruption leaves the previous one."""
    stop.check()  # after an interrupt that a library dropped, the epoch may be wrong
    named = {f"{name}/{i}": array for name, group in arrays.items() for i, array in enumerate(group)}
    facts = {"state": asdict(state), "counts": {name: len(group) for name, group in arrays.items()}}
    draft = folder / f".{_FILE}"
    with draft.open("wb") as file:
        np.savez(file, facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8), **named)  # type: ignore[arg-type]
    draft.replace(folder / _FILE)


def load(folder: Path) -> tuple[TrainingState, Arrays] | None:
    """Load the checkpoint; None where there is none or it cannot be read."""
    try:
        with np.load(folder / _FILE, allow_pickle=False) as file:
            facts = json.loads(file["facts"].tobytes())
            arrays = {
                name: [file[f"{name}/{i}"] for i in range(count)] for name, count in facts["counts"].items()
            }
            return TrainingState(**facts["state"]), arrays
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        # Missing, or written by another version: the training starts from the beginning.
        return None
