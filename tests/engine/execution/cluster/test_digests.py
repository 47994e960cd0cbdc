"""Digests taken by the workers are those that this process would take."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from distributed import Client

from leukokit.api import Dataset, ImageRejected, Sample
from leukokit.engine.execution.cluster import digests
from leukokit.engine.execution.cluster.executor import DaskExecutor
from leukokit.engine.io import reading
from leukokit.engine.io.reading import content_keys
from leukokit.plugins.datasets.smears import Smears
from tests.engine.execution.cluster.conftest import kill_a_busy_worker

NO_DATASET = Dataset()


@pytest.fixture
def executor(scheduler: str) -> Iterator[DaskExecutor]:
    with closing(DaskExecutor(scheduler)) as found:
        yield found


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbid this process to read images; the workers are processes of their own."""

    def refuse(sample: Sample) -> bytes:
        raise AssertionError(f"{sample.id} was read on the machine that runs the recipe")

    monkeypatch.setattr(reading, "file_bytes", refuse)


def files(folder: Path) -> list[Sample]:
    """Files of all kinds: same contents, none, an absent one; and rendered samples in between."""
    samples = []
    for i in range(30):
        path = folder / f"{i}.png"
        path.write_bytes(b"picture %d" % (i // 2) if i % 7 else b"")
        samples.append(Sample(f"{i}", path=path))
    return [*samples, Sample("absent", path=folder / "absent.png"), Sample("none", url="memory://none")]


def test_they_are_the_same(executor: DaskExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = files(tmp_path)
    expected = content_keys(NO_DATASET, "x", samples, 2)
    monkeypatch.setattr(digests, "BATCH", 4)
    assert executor.content_keys(NO_DATASET, "x", samples) == expected


def test_this_process_reads_no_image(executor: DaskExecutor, tmp_path: Path, no_reading: None) -> None:
    keys = executor.content_keys(NO_DATASET, "x", files(tmp_path))
    assert len(set(keys)) > 15


def test_rendered_samples_need_no_cluster() -> None:
    dataset = Smears.create()
    samples = list(dataset.samples())[:3]
    nowhere = DaskExecutor("tcp://127.0.0.1:9")
    expected = content_keys(dataset, "x", samples, 1)
    assert nowhere.content_keys(dataset, "x", samples) == expected


def test_a_worker_killed_in_the_middle_loses_nothing(
    scheduler: str, executor: DaskExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(range(256)) * 20_000)
    samples = [Sample(f"{i}", path=large) for i in range(1000)]
    monkeypatch.setattr(digests, "BATCH", 100)
    found: list[str] = []
    work = threading.Thread(target=lambda: found.extend(executor.content_keys(NO_DATASET, "x", samples)))
    with Client(scheduler, set_as_default=False) as client:
        work.start()
        kill_a_busy_worker(client, work.is_alive)
    work.join(120)
    assert found == content_keys(NO_DATASET, "x", samples[:1], 1) * len(samples)


def test_what_cannot_be_read_keeps_a_key_of_its_own(tmp_path: Path) -> None:
    first, second = Sample("a", path=tmp_path / "no"), Sample("b", path=tmp_path / "no")
    with pytest.raises(ImageRejected, match="unreadable"):
        reading.file_bytes(first)
    assert reading.file_key(first) != reading.file_key(second)
