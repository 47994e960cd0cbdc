"""The section on reproducibility: command, versions, seed, commit, digest of the data, and the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leukokit.engine.finished_run import FinishedRun
from leukokit.record.provenance import DataManifest, RunWorkers

_FILES = (
    ("recipe.yaml", "the recipe, as it was written"),
    ("resolved.json", "the recipe with every default and override: runs as it is"),
    ("provenance.json", "versions, commit, platform, and the sha256 of every image"),
    ("metrics.json", "all scores"),
    ("verdict.json", "whether to trust the score, with every reason"),
    ("audit.json", "all findings of the audit"),
    ("predictions.csv", "probabilities of every held-out image"),
    ("split.csv", "which image was in which part"),
    ("rejected.csv", "images that were left out, and why"),
    ("tuning.csv", "settings that were tried"),
    ("features.parquet", "features of every image"),
    ("cells.parquet", "every cell, one row each"),
    ("scale.csv", "width of a pixel of every image, and its source"),
    ("masks.csv", "agreement with the true masks, image by image"),
    ("journal.jsonl", "what happened, in order"),
    ("model/model_card.md", "the model card"),
)
_MAIN = (
    "numpy",
    "scipy",
    "scikit-learn",
    "scikit-image",
    "opencv-python-headless",
    "pandas",
    "keras",
    "tensorflow",
)


@dataclass(frozen=True, slots=True)
class Reproducibility:
    """What is needed to get the same bytes once more.

    Attributes
    ----------
    facts : sequence of (name, value)
    files : sequence of (path, what it holds)
        Those that the run directory has.
    packages : sequence of (name, version)
    """

    plan: str
    started: str
    facts: Sequence[tuple[str, str]]
    files: Sequence[tuple[str, str]]
    main_packages: Sequence[tuple[str, str]]
    packages: Sequence[tuple[str, str]]


def reproducibility_of(run: FinishedRun) -> Reproducibility:
    """Read it from a run directory, which need not have its ``status.json`` yet."""
    made = run.provenance
    data, workers = made.data or DataManifest(), made.workers or RunWorkers()
    start = run.events[0] if run.events and run.events[0].name == "run_started" else None
    count = "?" if workers.count is None else workers.count
    rows = [
        ("leukokit", made.leukokit),
        ("plugin API", made.plugin_api),
        ("commit of the recipe's folder", made.recipe_commit or "not in a git repository"),
        ("seed", made.seed),
        (f"{run.sample}s", f"{data.images or 0:,}"),
        ("sha256 of the data", data.sha256),
        ("Python", made.python),
        ("platform", made.platform),
        ("workers", f"{count} ({workers.executor or '?'}); they do not change the result"),
    ]
    lower = {name.lower(): (name, version) for name, version in made.packages.items()}
    return Reproducibility(
        plan=start.text("plan") if start else "",
        started=start.time[:16].replace("T", " ") if start else "",
        facts=[(name, str(value)) for name, value in rows if value is not None],
        files=[(name, what) for name, what in _FILES if (run.path / name).is_file()],
        main_packages=[lower[name] for name in _MAIN if name in lower],
        packages=sorted(lower.values(), key=lambda package: package[0].lower()),
    )
