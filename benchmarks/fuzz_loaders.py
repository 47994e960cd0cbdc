"""Fuzz the loaders of recipes, tables and records with atheris: only our own errors come out, in a second.

atheris watches which branches of leukokit's code an input reaches, and changes those inputs that reach new
ones. It is no dependency of leukokit: install it beside it, in an environment of its own.

    python benchmarks/fuzz_loaders.py {recipes,tables,records} [--seconds 120] [--seed 7]

Ends with an error at the first input that raises anything but :class:`leukokit.errors.LeukokitError`, or that
takes longer than a second of CPU time; the input is written to ``crash-...`` in the current folder.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

try:
    import atheris
except ImportError:
    sys.exit("this needs atheris: pip install atheris (in an environment of its own, beside leukokit)")

with atheris.instrument_imports(include=["leukokit"]):
    from leukokit.catalog import discover
    from leukokit.engine.io.sample_files import read_group_file, read_split_file
    from leukokit.errors import LeukokitError
    from leukokit.plugins.datasets.table import TableDataset
    from leukokit.recipe import load_recipe_text
    from leukokit.record.files import ALL

LIMIT = 1.0
"""Seconds of CPU time for one input."""

RECIPE = b"""\
leukokit: 1
name: fuzz
data: {use: smears, params: {per_class: 8}}
split: {method: holdout, test: 0.25, validation: 0.25}
preprocess: [{use: median, params: {size: 3}}]
segment: multi_otsu
features: [intensity]
classify: {use: knn}
"""
TABLES = (b"id,part\na,train\nb,test\n", b"id,group\na,1\nb,2\n", b"path,label\na.png,x\nb.png,y\n")

Loader = Callable[[bytes], None]


def main() -> None:
    """Fuzz one loader."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("loader", choices=("recipes", "tables", "records"))
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "corpus"
        corpus.mkdir()
        load = {"recipes": recipes, "tables": tables, "records": records}[options.loader](corpus, folder)
        arguments = [
            f"-max_total_time={options.seconds}",
            f"-seed={options.seed}",
            "-max_len=2000",
            str(corpus),
        ]
        atheris.Setup([sys.argv[0], *arguments], lambda data: once(load, data))
        atheris.Fuzz()


def once(load: Loader, data: bytes) -> None:
    """Load one input; our own errors are what it should end with."""
    started = process_time()
    with contextlib.suppress(LeukokitError):
        load(data)
    seconds = process_time() - started
    if seconds > LIMIT:
        raise TimeoutError(f"one input took {seconds:.1f} s")


def recipes(corpus: Path, _: Path) -> Loader:
    """Load recipes."""
    (corpus / "recipe").write_bytes(RECIPE)
    catalog = discover()
    load_recipe_text(RECIPE, catalog)  # imports what recipes name; that is not to count as time

    def load(data: bytes) -> None:
        load_recipe_text(data, catalog)

    return load


def tables(corpus: Path, folder: Path) -> Loader:
    """Read a file as each kind of table."""
    for number, content in enumerate(TABLES):
        (corpus / str(number)).write_bytes(content)
    path = folder / "table.csv"
    readers = (read_split_file, read_group_file, lambda path: TableDataset.create(file=path).samples())

    def load(data: bytes) -> None:
        path.write_bytes(data)
        for read in readers:
            try:
                read(path)
            except LeukokitError:
                continue

    return load


def records(corpus: Path, folder: Path) -> Loader:
    """Read a file as one of the JSON files of a run directory: the first byte says which."""
    scores = {"n": 8, "accuracy": 0.5, "confusion": [[1, 2], [3, 4]]}
    status = {"format": 1, "status": "done", "exit_code": 0, "images": 3, "rejected": 0}
    for number, value in enumerate(({"test": scores}, {}, {}, {}, {}, status)):
        (corpus / str(number)).write_bytes(bytes([number]) + json.dumps(value).encode())
    for file in ALL:
        (folder / file.name).parent.mkdir(parents=True, exist_ok=True)

    def load(data: bytes) -> None:
        file = ALL[(data or b"\0")[0] % len(ALL)]
        (folder / file.name).write_bytes(data[1:])
        file.read(folder)

    return load


if __name__ == "__main__":
    main()
