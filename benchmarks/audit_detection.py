"""Plant one fault at a time in synthetic smears, audit them, and count what is found and what is not.

    python benchmarks/audit_detection.py [--seeds 20] [--only NAME ...] [--json FILE]

Prints a Markdown table: how often a check or probe that is meant for the fault raised it, and how often any
that has nothing to do with it raised something.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import joblib

from leukokit.audit.findings import AuditLevel
from leukokit.audit.run import Audit, AuditOptions, audit_data
from leukokit.catalog import discover
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.recipe import load_recipe_text
from leukokit.testing.known_faults import KNOWN_FAULTS, KnownFault


def raised(audit: Audit) -> set[str]:
    """Name the checks and probes that warn or fail."""
    levels = {item.check: item.level for item in audit.findings}
    levels |= {item.name: item.level for item in audit.probes}
    return {name for name, level in levels.items() if level.rank >= AuditLevel.WARN.rank}


def trial(name: str, seed: int) -> tuple[str, int, list[str]]:
    """Audit one data set with a known fault."""
    fault = next(known for known in KNOWN_FAULTS if known.name == name)
    with tempfile.TemporaryDirectory() as folder:
        recipe = load_recipe_text(fault.recipe(Path(folder), seed=seed), discover())
        options = AuditOptions(None, InlineExecutor())
        return name, seed, sorted(raised(audit_data(recipe, options)))


def row(fault: KnownFault, raised_by_trial: list[set[str]]) -> str:
    """One line of the table."""
    hits = sum(bool(names_raised & fault.expected) for names_raised in raised_by_trial)
    others = [names_raised - fault.expected - fault.implied for names_raised in raised_by_trial]
    names = Counter(name for names_raised in others for name in names_raised)
    listed = ", ".join(f"{name} {count}" for name, count in names.most_common()) or "none"
    wanted = " or ".join(sorted(fault.expected)) or "nothing"
    detected = f"{hits}/{len(raised_by_trial)}" if fault.expected else "-"
    unexpected = f"{sum(map(bool, others))}/{len(raised_by_trial)}"
    return f"| {fault.shown} | {wanted} | {detected} | {unexpected} | {listed} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="data sets a fault")
    parser.add_argument("--only", nargs="*", default=[], help="names of faults")
    parser.add_argument("--jobs", type=int, default=joblib.cpu_count(), help="processes")
    parser.add_argument("--json", type=Path, help="write what was raised for each data set")
    args = parser.parse_args()
    faults = [item for item in KNOWN_FAULTS if not args.only or item.name in args.only]
    started = time.monotonic()
    trials = [(fault.name, seed) for fault in faults for seed in range(args.seeds)]
    results = joblib.Parallel(n_jobs=args.jobs)(joblib.delayed(trial)(*item) for item in trials)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    print("| fault | should raise | detected | other alarms | which |")
    print("|---|---|---|---|---|")
    for fault in faults:
        print(row(fault, [set(names) for name, _, names in results if name == fault.name]))
    print(
        f"\n{len(trials)} data sets of 120 images, {time.monotonic() - started:.0f} s, {args.jobs} processes"
    )


if __name__ == "__main__":
    main()
