"""Change recipes, tables, run directories and models at random, and read them: only our own errors come out.

Makes one small run, changes its files, reads them as the commands do, and counts. A crash is any exception
but :class:`leukokit.errors.LeukokitError`; a wait is a reading that takes longer than a second.

    python benchmarks/hostile_inputs.py [--count 200] [--seed 281] [--only recipes,tables] [--json]

``--count`` is the number of changed inputs of each kind.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

from leukokit.catalog import Catalog, discover
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.io.sample_files import read_group_file, read_split_file
from leukokit.engine.pipeline.load import load_pipeline
from leukokit.errors import LeukokitError
from leukokit.recipe import load_recipe_text

WAIT = 1.0
"""Seconds beyond which a reading counts as a wait."""

RECIPE = """\
leukokit: 1
name: hostile
data: {use: smears, params: {per_class: 8}}
split: {method: holdout, test: 0.25, validation: 0.25}
preprocess: [{use: reinhard, params: {template: fitted}}]
segment: multi_otsu
features: [intensity, morphology]
select: {use: information_gain, params: {k: 10}}
classify: {use: svm, params: {C: 10}}
calibrate: temperature
tune: {cv: 2, grid: {classify.C: [1, 10]}}
"""

VALUES: tuple[object, ...] = (
    *(None, True, -1, 0, 10**400, 1e308, -0.5, float("inf"), float("nan"), "", "nan", "\ud800"),
    *("\u202e\x1b[31m", "../../x", "/dev/zero", "$HOME", "=cmd()", [], {}, [[[]]], {"a": {"b": 1}}),
    *(list(range(50)), "x" * 5000),
)
"""Replacements of values in JSON."""

TOKENS = (
    *(b"", b"\x00", b"\xff\xfe", b"&a", b"*a", b"!!python/object:os.system", b"{", b"[", b"]", b"}"),
    *(b": ", b"- ", b"1e999", b"9" * 400, b".nan", b"../..", b"\r", b"\t", b'"', b"'", b"#", b"|", b"<<: "),
    "\u202e".encode(),
)
"""Replacements of bytes in text."""


@dataclass
class Tally:
    """What came out of the readings of one kind of input."""

    read: int = 0
    refused: int = 0
    waits: int = 0
    slowest: float = 0.0
    crashes: Counter[str] = field(default_factory=Counter)

    def take(self, reading: Callable[[], object]) -> None:
        """Read once, and count."""
        started = perf_counter()
        try:
            reading()
            self.read += 1
        except LeukokitError:
            self.refused += 1
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            self.crashes[f"{type(error).__name__} at {place}: {error}"[:200]] += 1
        seconds = perf_counter() - started
        self.slowest = max(self.slowest, seconds)
        self.waits += seconds > WAIT


def changed_bytes(content: bytes, rng: random.Random) -> bytes:
    """Change a text in one to three places: cut, repeat, exchange or replace."""
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + rng.choice((0, 1, 2, 8, 40)))
        match rng.randrange(4):
            case 0:
                content = content[:start] + content[end:]
            case 1:
                content = content[:end] + content[start:end] * rng.choice((1, 3, 200)) + content[end:]
            case 2:
                content = content[:start] + rng.choice(TOKENS) + content[end:]
            case _:
                content = content[:start] + rng.randbytes(end - start) + content[end:]
    return content


def changed_json(value: object, rng: random.Random) -> object:
    """Replace, remove or add one value somewhere in a JSON value."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        if rng.random() < 0.1:
            return {name: inner for name, inner in value.items() if name != key}
        if rng.random() < 0.1:
            return {**value, rng.choice(("", "extra", "\ud800")): rng.choice(VALUES)}
        return {**value, key: changed_json(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        return [*value[:place], changed_json(value[place], rng), *value[place + 1 :]]
    return rng.choice(VALUES)


def change_file(path: Path, rng: random.Random) -> None:
    """Change a file: its JSON where it is some, its bytes otherwise."""
    content = path.read_bytes()
    if path.suffix == ".json" and rng.random() < 0.7:
        changed = json.dumps(changed_json(json.loads(content), rng)).encode("utf-8", "surrogateescape")
        path.write_bytes(changed)
    else:
        path.write_bytes(changed_bytes(content, rng))


def read_run(path: Path) -> None:
    """Read all that a report reads of a run directory."""
    run = FinishedRun.read(path)
    for name in (
        "resolved",
        "recipe_text",
        "provenance",
        "metrics",
        "audit",
        "events",
        "facts",
        "feature_columns",
    ):
        getattr(run, name)
    for name in ("predictions", "split", "rejected", "first_fold"):
        getattr(run, name)


@dataclass(frozen=True)
class Source:
    """What inputs are made of.

    Attributes
    ----------
    run : Path
        Directory of a finished run.
    scratch : Path
        An empty folder.
    """

    run: Path
    scratch: Path
    catalog: Catalog
    rng: random.Random
    count: int

    def folders(self, sound: Path, pattern: str, read: Callable[[Path], None]) -> Tally:
        """Change one file of a folder at a time."""
        read(sound)  # so that no reading waits for the import of a library
        tally, path = Tally(), self.scratch / "changed"
        names = sorted(file.relative_to(sound) for file in sound.glob(pattern) if file.is_file())
        for _ in range(self.count):
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(sound, path)
            change_file(path / self.rng.choice(names), self.rng)
            tally.take(lambda: read(path))
        return tally


def recipes(source: Source) -> Tally:
    """Read changed recipes."""
    tally, text = Tally(), RECIPE.encode()
    for _ in range(source.count):
        changed = changed_bytes(text, source.rng)
        tally.take(partial(load_recipe_text, changed, source.catalog))
    return tally


def tables(source: Source) -> Tally:
    """Read changed split files, group files and tables of images."""
    tally, path = Tally(), source.scratch / "table.csv"
    split = (source.run / "split.csv").read_bytes()
    listed = {"leukokit": 1, "name": "x", "data": {"use": "table", "params": {"file": str(path)}}}
    readers: Sequence[Callable[[], object]] = (
        lambda: read_split_file(path),
        lambda: read_group_file(path),
        lambda: load_recipe_text(json.dumps(listed), source.catalog).data.component.samples(),
    )
    for number in range(source.count):
        content = split.replace(b"id,", b"path,", 1) if number % 3 == 2 else split
        path.write_bytes(changed_bytes(content, source.rng))
        tally.take(readers[number % 3])
    return tally


def runs(source: Source) -> Tally:
    """Read changed run directories."""
    return source.folders(source.run, "*", read_run)


def models(source: Source) -> Tally:
    """Load changed models, with the digests of the changed files in their documents."""

    def read(path: Path) -> None:
        if path != source.run / "model":
            write_digests(path)
        load_pipeline(path, source.catalog)

    return source.folders(source.run / "model", "**/*", read)


def write_digests(path: Path) -> None:
    """Write the digests of a model's files into its document, where it can still be read."""
    with contextlib.suppress(Exception):  # the document itself may be what was changed
        facts = json.loads((path / "pipeline.json").read_bytes())
        for name in facts["files"]:
            facts["files"][name] = hashlib.sha256((path / name).read_bytes()).hexdigest()
        (path / "pipeline.json").write_text(json.dumps(facts))


KINDS = {"recipes": recipes, "tables": tables, "runs": runs, "models": models}


def measure(count: int, seed: int, kinds: Sequence[str], run: Path | None = None) -> dict[str, Tally]:
    """Change and read ``count`` inputs of each kind.

    Parameters
    ----------
    run : Path, optional
        Directory of a finished run of ``RECIPE``; made here where omitted.
    """
    catalog = discover()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if run is None:
            run, recipe = scratch / "run", scratch / "recipe.yaml"
            recipe.write_text(RECIPE)
            command = [sys.executable, "-m", "leukokit", "run", str(recipe), "--run-dir", str(run), "--quiet"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        tallies = {}
        for kind in kinds:
            (scratch / kind).mkdir()
            rng = random.Random(f"{seed} {kind}")
            tallies[kind] = KINDS[kind](Source(run, scratch / kind, catalog, rng, count))
        return tallies


def main() -> None:
    """Print a table, or JSON; exit code 1 where anything crashed or waited."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=281)
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tallies = measure(options.count, options.seed, options.only.split(","))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if options.json:
        counts = {kind: vars(tally) for kind, tally in tallies.items()}
        print(json.dumps(counts | {"peak_mb": peak}, indent=2))
    else:
        print("| input | read | refused | crashes | waits | slowest, s |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for kind, tally in tallies.items():
            crashes = sum(tally.crashes.values())
            counts = f"{tally.read} | {tally.refused} | {crashes} | {tally.waits} | {tally.slowest:.2f}"
            print(f"| {kind} | {counts} |")
            for text, times in tally.crashes.most_common(10):
                print(f"    {times} x {text}", file=sys.stderr)
        print(f"largest memory: {peak} MB")
    sys.exit(any(tally.crashes or tally.waits for tally in tallies.values()))


if __name__ == "__main__":
    main()
