"""How to run it again: command, versions, seed, commit, digest of the data, and the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leukokit.engine.finished_run import FinishedRun
from leukokit.report.html.setting import last_events
from leukokit.report.html.text import known

_FILES = (
    ("recipe.yaml", "the recipe, as it was written"),
    ("resolved.json", "the recipe with every default and override: runs as it is"),
    ("provenance.json", "versions, commit, platform, and the sha256 of every image"),
    ("metrics.json", "all scores"),
    ("audit.json", "all findings of the audit"),
    ("predictions.csv", "probabilities of every held-out image"),
    ("split.csv", "which image was in which part"),
    ("rejected.csv", "images that were left out, and why"),
    ("tuning.csv", "settings that were tried"),
    ("features.parquet", "features of every image"),
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
class Again:
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


def again_of(run: FinishedRun) -> Again:
    """Read it from a run directory, which need not have its ``status.json`` yet."""
    facts = run.provenance
    data = facts.get("data") or {}
    packages = facts.get("packages") or {}
    packages = packages if isinstance(packages, Mapping) else {}
    events = last_events(run)
    start = events[0] if events and events[0].get("event") == "run_started" else {}
    workers = facts.get("workers") or {}
    rows = [
        ("leukokit", facts.get("leukokit")),
        ("plugin API", facts.get("plugin_api")),
        ("commit of the recipe's folder", facts.get("recipe_commit") or "not in a git repository"),
        ("seed", facts.get("seed")),
        ("images", f"{known(data.get('images')) or 0:,.0f}"),
        ("sha256 of the data", data.get("sha256")),
        ("Python", facts.get("python")),
        ("platform", facts.get("platform")),
        (
            "workers",
            f"{workers.get('count', '?')} ({workers.get('executor', '?')}); they do not change the result",
        ),
    ]
    lower = {str(name).lower(): (str(name), str(version)) for name, version in packages.items()}
    return Again(
        plan=str(start.get("plan") or ""),
        started=str(start.get("time") or "")[:16].replace("T", " "),
        facts=[(name, str(value)) for name, value in rows if value is not None],
        files=[(name, what) for name, what in _FILES if (run.path / name).is_file()],
        main_packages=[lower[name] for name in _MAIN if name in lower],
        packages=sorted(lower.values(), key=lambda each: each[0].lower()),
    )
