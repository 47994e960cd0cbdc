"""How easy the code is to enter: sizes, files that an image passes, circles, untyped data, start-up.

Of any checkout, by its folder; with two folders, before and after side by side::

    python benchmarks/house.py .
    git worktree add ../before 798d056 && python benchmarks/house.py ../before . [--json]

The source is read, not imported, but for two things: one image goes through a recipe with a profiler on
(``house_trace.py``), and ``leukokit --help`` and ``leukokit list`` are started five times each. Both use the
Python that runs this script, with the checkout first on its path; ``--static`` leaves them out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from house_source import Source

HERE = Path(__file__).resolve().parent
STARTS = 5
LONGEST = 5
# Methods and measures of red cells; what is left of a trace is the frame around them.
_METHODS = ("plugins/", "smear/")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    what : str
    value : int, float or None
        None where it was not measured.
    names : tuple of str
        What was counted, where names help to find it.
    """

    what: str
    value: float | None
    names: tuple[str, ...] = ()


def main() -> None:
    """Measure each checkout and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", nargs="+", type=Path, help="one folder, or before and after")
    parser.add_argument("--static", action="store_true", help="neither trace an image nor time start-up")
    parser.add_argument("--names", action="store_true", help="list what was counted in the last one")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    if len(arguments.checkouts) > 2:
        parser.error("give one checkout, or two: before and after")
    for path in arguments.checkouts:
        if not (path / "leukokit" / "__init__.py").is_file():
            parser.error(f"{path} holds no folder leukokit: give the root of a checkout")
    measured = [measure(path.resolve(), static=arguments.static) for path in arguments.checkouts]
    if arguments.json:
        print(json.dumps([as_data(rows) for rows in measured], indent=1))
        return
    print(table(measured))
    if arguments.names:
        for row in measured[-1]:
            if row.names:
                print(f"\n{row.what}:\n  " + "\n  ".join(row.names))


def measure(checkout: Path, *, static: bool = False) -> list[Row]:
    """Measure all rows of one checkout."""
    rows = source_rows(Source(checkout))
    tests = sorted((checkout / "tests").rglob("*.py"))
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in tests)
    rows += [Row("lines of tests", lines), Row("files of tests", len(tests))]
    return rows if static else [*rows, *image_rows(checkout), *start_rows(checkout)]


def source_rows(source: Source) -> list[Row]:
    """Count in the text of the package."""
    functions = source.functions()
    longest = tuple(f"{length} {place}" for length, place in functions[:LONGEST])
    repeated = source.repeated_class_names()
    shared, circles = source.circles(late=False), source.circles(late=True)
    repeats = tuple(f"{name} {count}" for name, count in repeated.items())
    single, places = source.with_one_importer(), source.kind_places()
    big = [each for each in source.modules.values() if len(each.text.splitlines()) > 400]
    return [
        Row("lines", source.lines()),
        Row("files", len(source.modules)),
        Row("files over 400 lines", len(big), tuple(each.name for each in big)),
        Row("classes", len(source.classes)),
        Row("dataclasses", source.dataclasses()),
        Row("pydantic models", source.pydantic_models()),
        Row(
            "class names defined more than once",
            len(repeated),
            repeats,
        ),
        Row("functions", len(functions)),
        Row("longest function, lines without docstring", functions[0][0], longest),
        Row("functions over 50 lines", sum(length > 50 for length, _ in functions)),
        Row('`.get("`', source.gets()),
        Row('`.get("` in report', source.gets("report")),
        Row("`isinstance(..., Mapping)`", source.mapping_checks()),
        Row("`isinstance(..., Mapping)` in report", source.mapping_checks("report")),
        Row("`dict[str, Any]`", source.untyped_dicts()),
        Row("`dict[str, Any]` in engine", source.untyped_dicts("engine")),
        Row("methods `json()`", source.json_methods()),
        Row("mypy ignores", source.type_ignores()),
        Row("asserts for the type checker", source.type_asserts()),
        Row("variables named `found` or `each`", source.vague_names()),
        Row("import circles, imports of modules", len(shared), _joined(shared)),
        Row("import circles, imports in functions too", len(circles), _joined(circles)),
        Row("modules in such circles", sum(map(len, circles))),
        Row("modules with one importer", len(single), tuple(single)),
        Row("modules that list kinds one by one", len(places), tuple(places)),
    ]


def image_rows(checkout: Path) -> list[Row]:
    """Count files and moves of one image: for the steps of the recipe, and with its scale measured before."""
    done = _python(checkout, str(HERE / "house_trace.py"))
    passes = json.loads(done.stdout)
    steps, every = passes[-1], {file for each in passes for file in each["files"]}
    frame = [file for file in steps["files"] if not file.startswith(_METHODS)]
    return [
        Row("files an image passes, steps of the recipe", len(steps["files"]), tuple(steps["files"])),
        Row("of these the frame around methods", len(frame), tuple(frame)),
        Row("moves from file to file, steps of the recipe", steps["moves"]),
        Row("calls, steps of the recipe", steps["calls"]),
        Row("files an image passes, scale included", len(every)),
        Row("moves from file to file, scale included", sum(each["moves"] for each in passes)),
    ]


def start_rows(checkout: Path) -> list[Row]:
    """Time start-up: median of five after one that fills the caches of Python, by clock and by processor."""
    rows = []
    for command in ("--help", "list"):
        seconds, busy = [], []
        for _ in range(STARTS + 1):
            started, worked = perf_counter(), _processor_seconds()
            _python(checkout, "-m", "leukokit", command)
            seconds.append(perf_counter() - started)
            busy.append(_processor_seconds() - worked)
        for what, values in (("s", seconds), ("s of processor time", busy)):
            rows.append(Row(f"`leukokit {command}`, {what}", round(statistics.median(values[1:]), 3)))
    return rows


def _processor_seconds() -> float:
    """Processor time of all processes that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(measured: list[list[Row]]) -> str:
    """Markdown table: one column of numbers, or before and after."""
    heads = ["now"] if len(measured) == 1 else ["before", "now"]
    lines = [f"| what | {' | '.join(heads)} |", f"| --- |{' ---: |' * len(heads)}"]
    for rows in zip(*measured, strict=True):
        values = ["-" if row.value is None else f"{row.value:,}" for row in rows]
        lines.append(f"| {rows[0].what} | {' | '.join(values)} |")
    return "\n".join(lines)


def as_data(rows: list[Row]) -> dict[str, dict[str, object]]:
    """Rows by name, for JSON."""
    return {row.what: {"value": row.value, "names": list(row.names)} for row in rows}


def _joined(circles: list[list[str]]) -> tuple[str, ...]:
    return tuple(", ".join(circle) for circle in circles)


def _python(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(checkout), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, *words], cwd=HERE, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} with {checkout}: exit {done.returncode}\n{done.stderr}")
    return done


if __name__ == "__main__":
    main()
