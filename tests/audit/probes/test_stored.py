"""A probe is asked once; whatever its answer depends on asks it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leukokit.audit.findings import Limit
from leukokit.audit.probes import stored as probe_cache
from leukokit.audit.probes.probe import ModelScore, ProbeData, ProbeFold, probe
from leukokit.audit.probes.stored import cached_probe
from leukokit.engine.cache.store import Store

LIMIT = Limit(0.5, 0.75)


def probe_data() -> ProbeData:
    rows = np.arange(60)
    return ProbeData(
        labels=np.array(["a", "b"])[rows % 2],
        groups=np.array([f"group-{row}" for row in rows]),
        folds=[ProbeFold(rows[:40], rows[40:])],
        model=ModelScore("svm", "test", 0.9, 0.8, 0.95, 0.5),
        seed=1,
    )


def numbers(scale: float = 1.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"": scale * (np.arange(60) % 2)[:, None] + rng.normal(0, 0.8, (60, 3))}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the probes that are really fitted."""
    names: list[str] = []

    def counted(name: str, *rest: object) -> object:
        names.append(name)
        return probe(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(probe_cache, "probe", counted)
    return names


def test_a_kept_answer_is_the_answer(tmp_path: Path, asked: list[str]) -> None:
    store = Store(tmp_path)
    first = cached_probe("color", "six numbers", numbers(), probe_data(), LIMIT, store=store)
    again = cached_probe("color", "six numbers", numbers(), probe_data(), LIMIT, store=store)
    assert first == again == probe("color", "six numbers", numbers(), probe_data(), LIMIT)
    assert asked == ["color"]


def test_other_numbers_model_or_limits_ask_again(tmp_path: Path, asked: list[str]) -> None:
    store = Store(tmp_path)
    whole = probe_data()
    cached_probe("color", "x", numbers(), whole, LIMIT, store=store)
    cached_probe("color", "x", numbers(2.0), whole, LIMIT, store=store)
    cached_probe("color", "x", numbers(), replace(whole, model=None), LIMIT, store=store)
    cached_probe(
        "color", "x", numbers(), replace(whole, labels=whole.labels[::-1].copy()), LIMIT, store=store
    )
    cached_probe("color", "x", numbers(), whole, Limit(0.1, 0.2), store=store)
    cached_probe("frame", "x", numbers(), whole, LIMIT, store=store)
    assert len(asked) == 6


def test_without_a_cache_it_is_always_asked(asked: list[str]) -> None:
    for _ in range(2):
        cached_probe("color", "x", numbers(), probe_data(), LIMIT, store=None)
    assert len(asked) == 2
