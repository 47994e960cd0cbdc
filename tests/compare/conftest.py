"""Small run directories, made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

CLASSES = ("Benign", "Early", "Pre")

MakeRun = Callable[..., Path]


def predictions(
    ids: Sequence[str],
    true: Sequence[str],
    *,
    seed: int,
    strength: float,
    classes: Sequence[str],
    part: str,
    fold: str | None,
) -> pd.DataFrame:
    """Rows of ``predictions.csv``; each image has its own draw, whatever the others."""
    proba = []
    for name, label in zip(ids, true, strict=True):
        row = np.random.default_rng([seed, *name.encode("utf-8", "replace")]).random(len(classes))
        row[list(classes).index(label)] += strength
        proba.append(row / row.sum())
    table = np.array(proba)
    table = pd.DataFrame(
        {
            "id": ids,
            "path": [f"images/{name}" for name in ids],
            "part": part,
            "true": true,
            "predicted": np.array(classes, dtype=object)[table.argmax(axis=1)],
            **{f"p_{name}": table[:, number] for number, name in enumerate(classes)},
        }
    )
    return table if fold is None else table.assign(fold=fold)


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Give a function that writes a run directory of 30 tested images in three classes."""

    def make(
        name: str,
        *,
        seed: int = 0,
        strength: float = 0.5,
        ids: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
        groups: Mapping[str, str] | None = None,
        digests: Mapping[str, str] | None = None,
        classes: Sequence[str] = CLASSES,
        folds: Mapping[str, Sequence[str]] | None = None,
        recipe: Mapping[str, Any] | None = None,
        status: Mapping[str, Any] | None = None,
        packages: Mapping[str, str] | None = None,
        rejected: Sequence[str] = (),
    ) -> Path:
        path = tmp_path / name
        path.mkdir()
        ids = [f"i{number:02d}" for number in range(30)] if ids is None else list(ids)
        own = {
            name: classes[int(name[-2:]) % len(classes)] if name[-2:].isdigit() else classes[0]
            for name in ids
        }
        own |= dict(labels or {})
        common = {"seed": seed, "strength": strength, "classes": classes}
        tables = [
            predictions(rows, [own[name] for name in rows], part="test", fold=fold, **common)  # type: ignore[arg-type]
            for fold, rows in (folds or {None: ids}).items()
        ]
        pd.concat(tables).to_csv(path / "predictions.csv", index=False)
        split = pd.concat(tables)[["id", "true", "part"]].rename(columns={"true": "label"})
        split["group"] = [(groups or {}).get(name, "") for name in split["id"]]
        split = pd.concat(
            [split, pd.DataFrame([{"id": "t00", "label": "Pre", "part": "train", "group": ""}])]
        )
        split.to_csv(path / "split.csv", index=False)
        files = {name: f"bytes of {name}" for name in own} | dict(digests or {})
        write = {
            "resolved.json": {"name": name, "seed": seed, **(recipe or {})},
            "status.json": {
                "status": "done",
                "exit_code": 0,
                "synthetic": False,
                "seconds": 3.0,
                **(status or {}),
            },
            "provenance.json": {
                "python": "3.11.7",
                "packages": {"numpy": "2.0", **(packages or {})},
                "workers": {"count": 2},
                "data": {"files": files},
            },
        }
        for file, value in write.items():
            (path / file).write_text(json.dumps(value))
        rows = "".join(f"{name},x,read,empty,\n" for name in rejected)
        (path / "rejected.csv").write_text(f"id,path,stage,reason,detail\n{rows}")
        (path / "journal.jsonl").write_text('{"event": "run_started", "elapsed_s": 0.0}\n')
        return path

    return make
