r"""What the recipes with a network reach on the paper's images, over its splits and over seeds.

Measured: accuracy, macro F1 and one-vs-one AUC on the test part, of every recipe on every split with every
seed, and the seconds of each run. Prints a Markdown table with the value of each seed in order, their mean
and their spread (least to greatest; the range of so few says more than a deviation). A split is the same for
all seeds: what spreads is the training, and a recipe that draws nothing does not spread. Models that the
cache holds are not fitted again, so that seconds count for the first time alone; ``--fresh`` keeps no cache.

Every finished run is a line of ``--out``; what stands there with the same recipe and settings is not run
again, so that a long list can be stopped and go on. Explainers are left out unless ``--explain``::

    LEUKOKIT_DATA=... python benchmarks/network_results.py --weights path/to/v2-b0_notop.weights.h5
    LEUKOKIT_DATA=... python benchmarks/network_results.py --only hybrid frozen_lite0 --splits paper_801010
    LEUKOKIT_DATA=... python benchmarks/network_results.py --only hybrid --seeds 281 \
        --set 'split.balance={to: 12, when: before_split}' --out trial.jsonl          # to try the script
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any

from ruamel.yaml import YAML

import leukokit

RECIPES = Path(__file__).parents[1] / "recipes"
SPLITS = ("paper_602020", "paper_801010")
SEEDS = (281, 282, 283)
SCORES = ("accuracy", "macro_f1", "auc_ovo")
TITLES = ("accuracy", "macro F1", "AUC ovo")


@dataclass(frozen=True)
class Entry:
    """A recipe and what is changed in it."""

    recipe: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    weights: bool = False
    """Whether ``--weights`` is for this one."""


ENTRIES = {
    "hybrid": Entry("hybrid.yaml"),
    "frozen_lite0": Entry(
        "cnn_small.yaml",
        {
            "classify.params.train": "head",
            "classify.params.fine_tune_from": None,
            "classify.params.epochs": 30,
            "classify.params.learning_rate": 1e-3,
        },
    ),
    "cnn_small": Entry("cnn_small.yaml"),
    "cnn_v2b0": Entry("cnn_v2b0.yaml", weights=True),
}


class Teller:
    """Says on stderr what a run says, less its progress."""

    def stage(self, name: str, total: int) -> None:
        """Say that a stage begins."""
        self.say(f"{name} ({total})")

    def advance(self, count: int = 1) -> None:
        """Ignore."""

    def say(self, text: str) -> None:
        """Pass the line on."""
        print(f"  {text}", file=sys.stderr, flush=True)

    warn = say


def overrides_of(entry: Entry, split: str, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """All changes of the recipe for one run."""
    overrides: dict[str, Any] = {"seed": seed, "split": {"method": "named", "name": split}, **entry.overrides}
    if args.data is not None:
        overrides["data.params.root"] = str(args.data)
    if entry.weights and args.weights is not None:
        overrides["classify.params.weights"] = str(args.weights)
    if not args.explain:
        overrides["explain"] = []
    for text in args.set:
        key, _, value = text.partition("=")
        overrides[key] = YAML(typ="safe").load(value)
    return overrides


def key_of(entry: Entry, overrides: Mapping[str, Any]) -> str:
    """Digest of the recipe's text and of its changes; where files lie plays no part, what is in them does."""
    changed = {key: value for key, value in overrides.items() if key != "data.params.root"}
    weights = changed.get("classify.params.weights")
    if weights is not None and Path(weights).is_file():
        changed["classify.params.weights"] = hashlib.sha256(Path(weights).read_bytes()).hexdigest()
    text = (RECIPES / entry.recipe).read_bytes() + json.dumps(changed, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()[:16]


def read_rows(path: Path) -> dict[str, dict[str, Any]]:
    """Finished runs by their key; a last line that a kill has cut is left out."""
    rows: dict[str, dict[str, Any]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        rows[row["key"]] = row
    return rows


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Add one finished run, on a line of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if cut else "") + json.dumps(row, sort_keys=True) + "\n")


def run_once(name: str, split: str, overrides: Mapping[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """Run a recipe and take what the table needs."""
    started = perf_counter()
    result = leukokit.run(
        RECIPES / ENTRIES[name].recipe,
        overrides=overrides,
        out=args.runs,
        cache=None if args.fresh else "auto",
        workers=args.workers,
        observer=Teller(),
    )
    seconds = perf_counter() - started
    if result.stamp is not None:
        raise SystemExit(f"{name} ran on something else than the paper's images: {result.stamp}")
    parts = {
        part: {score: result.metrics[part][score] for score in ("n", *SCORES)}
        for part in ("validation", "test")
        if part in result.metrics
    }
    return {
        "name": name,
        "split": split,
        "seed": overrides["seed"],
        "overrides": dict(overrides),
        "version": leukokit.__version__,
        "seconds": round(seconds, 1),
        "steps": {reason.step: reason.did for reason in result.reasons},
        **parts,
    }


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line a recipe and split, the seeds of each in order."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["name"], row["split"]), []).append(row)
    lines = [
        "| recipe | split | n | seeds | " + " | ".join(TITLES) + " | seconds |",
        "|---|---|---|---|" + "---|" * (len(TITLES) + 1),
    ]
    for (name, split), group in groups.items():
        cells = [
            name,
            split,
            ", ".join(dict.fromkeys(str(row["test"]["n"]) for row in group)),
            ", ".join(str(row["seed"]) for row in group),
            *(summary([row["test"][score] for row in group]) for score in SCORES),
            ", ".join(f"{row['seconds']:.0f}" for row in group),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def summary(values: Sequence[float | None]) -> str:
    """Value of each seed, then mean and spread; a score that a part cannot tell is a dash."""
    shown = ", ".join("-" if value is None else f"{value:.4f}" for value in values)
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return shown
    return f"{shown}; mean {fmean(known):.4f} ({min(known):.4f} to {max(known):.4f})"


def main() -> None:
    """Run what is not in the file yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(ENTRIES), default=list(ENTRIES), metavar="NAME")
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=list(SPLITS), metavar="SPLIT")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS), metavar="SEED")
    parser.add_argument("--weights", type=Path, help="file for cnn_v2b0; ImageNet's from Keras where omitted")
    parser.add_argument("--data", type=Path, help="folder that holds all-pbs; $LEUKOKIT_DATA where omitted")
    parser.add_argument("--set", nargs="+", default=[], metavar="PATH=VALUE", help="more changes of recipes")
    parser.add_argument("--explain", action="store_true", help="run the recipes' explainers too")
    parser.add_argument("--fresh", action="store_true", help="keep no cache, so that seconds count")
    parser.add_argument("--workers", type=int, help="processes for the images")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the run directories")
    parser.add_argument("--out", type=Path, default=Path("network_results.jsonl"), help="finished runs")
    parser.add_argument("--table", action="store_true", help="run nothing, print what is finished")
    args = parser.parse_args()
    places = {} if args.data is None else {"root": args.data}
    missing: Any = leukokit.component("dataset", "all_pbs", **places)
    if not args.table and (why := missing.missing()) is not None:
        raise SystemExit(f"the paper's images are needed: {why}")
    done = read_rows(args.out)
    rows = []
    for name in args.only:
        for split in args.splits:
            for seed in args.seeds:
                overrides = overrides_of(ENTRIES[name], split, seed, args)
                key = key_of(ENTRIES[name], overrides)
                if key not in done:
                    if args.table:
                        continue
                    print(f"{name}, {split}, seed {seed}", file=sys.stderr, flush=True)
                    done[key] = {"key": key, **run_once(name, split, overrides, args)}
                    append_row(args.out, done[key])
                rows.append(done[key])
    print(markdown(rows))


if __name__ == "__main__":
    main()
