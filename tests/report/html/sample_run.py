"""Run directories written by hand, with everything that a report can show."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from leukokit import api
from leukokit.api import Labels, Status
from leukokit.engine.io.tables import features_parquet
from leukokit.engine.models.score_records import part_scores
from leukokit.evaluation.metrics import scores
from leukokit.report.overlay_panel import OverlayPanel
from leukokit.report.overlay_sheet import overlay_sheet
from leukokit.testing.images import disks

FILES = Path(__file__).parent / "sample"
SCALE = ("id", "red_cell_px", "um_per_px", "confidence", "source", "measured_px", "measured_confidence")
NOTICE = "Research use only. Not a medical device."


def plain_name(label: str, number: int) -> str:
    """Id of an image as data sets have it."""
    return f"{label}/smear-{number:04d}.jpg"


@dataclass
class Sample:
    """What a run directory is to hold."""

    name: str = "sample"
    classes: Sequence[str] = ("Benign", "Early", "Pre", "Pro")
    train: int = 240
    held_out: int = 120
    wrong: float = 0.15
    ids: Callable[[str, int], str] = plain_name
    statistics: bool = True
    audit: bool = True
    pictures: bool = True
    explained: bool = True
    synthetic: bool = False
    rejected: int = 3
    scaled: bool = True


def predictions(sample: Sample) -> pd.DataFrame:
    """Probabilities that are wrong for a share of the images."""
    rng = np.random.default_rng(1)
    count = len(sample.classes)
    rows = []
    for part in ("validation", "test"):
        for i in range(sample.held_out):
            label = i % count
            other = (label + 1 + rng.integers(count - 1)) % count
            chosen = other if rng.random() < sample.wrong else label
            proba = rng.dirichlet(np.full(count, 0.25)) * 0.6
            proba[chosen] += 1 - proba.sum()
            proba[chosen] += max(0.0, proba.max() - proba[chosen] + 0.01)
            proba /= proba.sum()
            name = sample.ids(sample.classes[label], i + (1000 if part == "test" else 0))
            names = sample.classes[label], sample.classes[int(proba.argmax())]
            rows.append((name, f"/data/{name}", part, *names, *proba))
    columns = ["id", "path", "part", "true", "predicted", *(f"p_{name}" for name in sample.classes)]
    # Objects: pandas' own strings cannot hold a name that is no UTF-8.
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    return table.astype({name: float for name in columns if name.startswith("p_")})


def around(value: float, **more: Any) -> dict[str, Any]:
    """Put an interval around a share."""
    return {"value": value, "low": max(0.0, value - 0.05), "high": min(1.0, value + 0.03)} | more


def calibration(accuracy: float) -> dict[str, Any]:
    """Three sets of bins near the diagonal."""
    methods = {}
    for name, shift in (("none", -0.06), ("temperature", -0.01), ("isotonic", 0.01)):
        bins = []
        for k in range(4, 10):
            right = around((k + 0.5) / 10 + shift)
            bins.append(
                {
                    "low": k / 10,
                    "high": (k + 1) / 10,
                    "n": 4 + (k - 3) ** 3 // 3,
                    "confidence": (k + 0.5) / 10,
                    "accuracy": right["value"],
                    "accuracy_low": right["low"],
                    "accuracy_high": right["high"],
                }
            )
        ece = {"ece": abs(shift), "ece_low": abs(shift) / 2, "ece_high": abs(shift) * 2}
        methods[name] = ece | {"brier": 0.19, "log_loss": 0.41, "accuracy": accuracy, "bins": bins}
    notes = ["isotonic regression has few images of one class"]
    fit = {"applied": "temperature", "fitted_on": "validation", "temperature": 1.31}
    return fit | {"methods": methods, "notes": notes}


def operating_point(table: pd.DataFrame, classes: Sequence[str]) -> dict[str, Any]:
    """ROC of the first class against the others."""
    positive = (table["true"] != classes[0]).to_numpy()
    score = 1 - table[f"p_{classes[0]}"].to_numpy()
    points = [
        {
            "threshold": float(threshold),
            "sensitivity": float((score[positive] >= threshold).mean()),
            "specificity": float((score[~positive] < threshold).mean()),
        }
        for threshold in np.linspace(0, 1, 60)
    ]
    chosen = points[30]
    return {
        "negative": [classes[0]],
        "positive": list(classes[1:]),
        "threshold": chosen["threshold"],
        "chosen_on": "validation",
        "target": {"sensitivity": 0.95},
        "sensitivity": around(chosen["sensitivity"], n=int(positive.sum())),
        "specificity": around(chosen["specificity"], n=int((~positive).sum())),
        "ppv": around(0.95, n=80),
        "npv": None,
        "auc": around(0.96),
        "roc": points,
    }


def coverage(table: pd.DataFrame) -> dict[str, Any]:
    """Risk of the images above each probability."""
    top = table[[name for name in table if str(name).startswith("p_")]].max(axis=1).to_numpy()
    wrong = (table["true"] != table["predicted"]).to_numpy()
    curve = []
    for threshold in np.linspace(0, top.max(), 50):
        kept = top >= threshold
        risk = float(wrong[kept].mean())
        curve.append({"threshold": float(threshold), "coverage": float(kept.mean()), "risk": risk})
    chosen = min(curve, key=lambda each: abs(each["coverage"] - 0.8))
    kept = top >= chosen["threshold"]
    refer = {
        "threshold": chosen["threshold"],
        "chosen_on": "validation",
        "target_risk": 0.05,
        "coverage": around(chosen["coverage"]),
        "risk": around(chosen["risk"]),
        "referred": int((~kept).sum()),
        "errors_kept": int(wrong[kept].sum()),
        "errors_referred": int(wrong[~kept].sum()),
    }
    return {"curve": curve, "aurc": 0.031, "refer": refer}


def protocols(test: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Three protocols, of which one was worse and one could not be drawn."""
    brief = {key: test[key] for key in ("n", "accuracy", "macro_f1", "auc_ovo", "auc_ovr", "intervals")}
    lower = around(test["accuracy"] - 0.051)
    lower = brief | {"accuracy": lower.pop("value"), "intervals": {"accuracy": lower}}
    empty = {"drop": None, "error": None}
    return [
        {"name": "random", "description": "one random division", "folds": 1, "n_train": 240, "test": brief}
        | empty,
        {"name": "blocked", "description": "contiguous blocks", "folds": 5, "n_train": 190, "test": lower}
        | empty
        | {"drop": {"accuracy": 0.051, "macro_f1": 0.05}},
        {"name": "grouped", "description": "groups kept whole", "folds": 5, "n_train": None, "test": None}
        | empty
        | {"error": "there are too few groups"},
    ]


def metrics(sample: Sample, table: pd.DataFrame) -> dict[str, Any]:
    """Give what ``metrics.json`` holds: scores as leukokit computes them, and the rest by hand."""
    found: dict[str, Any] = {"synthetic": sample.synthetic, "notice": NOTICE}
    for part in ("validation", "test"):
        rows = table[table["part"] == part]
        proba = rows[[f"p_{name}" for name in sample.classes]].to_numpy()
        groups = [str(i // 2) for i in range(len(rows))]
        scored = scores(rows["true"].tolist(), proba, tuple(sample.classes), groups=groups)
        one = part_scores(scored).plain()
        if sample.statistics:
            one["calibration"] = calibration(one["accuracy"])
            one["operating_point"] = operating_point(rows, sample.classes)
            one["coverage"] = coverage(rows)
        else:
            for facts in (one, one["confusion"], *one["per_class"].values()):
                facts.pop("intervals", None)
        found[part] = one
    if sample.statistics:
        found |= {"protocols": protocols(found["test"])}
    if sample.explained:
        regions = {"nucleus": (1.9, 0.07), "cytoplasm": (1.2, 0.03), "red_cell": (0.9, 0.4)}
        found["alignment"] = {
            "grad_cam": {
                region: {
                    "ratio": ratio,
                    "ratio_low": ratio * 0.9,
                    "ratio_high": ratio * 1.15,
                    "heat_share": share * ratio,
                    "area_share": share,
                    "pointing_rate": 0.3,
                    "pointing_chance": share,
                    "images": 20,
                    "images_with_region": 18,
                }
                for region, (ratio, share) in regions.items()
            }
        }
    return found


def audit(sample: Sample, names: Sequence[str]) -> dict[str, Any]:
    """Give what ``audit.json`` holds: a finding of each level, with pairs, images and a table."""
    found: dict[str, Any] = json.loads((FILES / "audit.json").read_text())
    by_check = {finding["check"]: finding for finding in found["findings"]}
    by_check["near_duplicates"]["pairs"] = [
        {
            "a": names[i],
            "b": names[i + 1],
            "label_a": sample.classes[0],
            "label_b": sample.classes[i % 2],
            "part_a": "train",
            "part_b": "test",
            "kind": ("exact", "near", "overlap")[i % 3],
            "transform": ("identity", "rotate90")[i % 2],
            "inliers": 40 + i,
            "overlap": 0.5 + i / 100,
        }
        for i in range(min(40, len(names) - 1))
    ]
    by_check["scale_bars"]["images"] = list(names[:40])
    by_check["stain"]["table"]["rows"] = [[name, 141.25, 0.25] for name in sample.classes]
    return found | {"images": len(names), "synthetic": sample.synthetic}


def scales(sample: Sample, split: Sequence[tuple[str, ...]]) -> list[tuple[object, ...]]:
    """Give rows of ``scale.csv``: red cells of 25 px, 30 in the first class; some guessed or unknown."""
    rng = np.random.default_rng(2)
    rows: list[tuple[object, ...]] = []
    for i, (name, label, *_) in enumerate(split):
        px = round(float(rng.normal(30 if label == sample.classes[0] else 25, 1)), 3)
        if i % 12 == 7:
            rows.append((name, px, "", 0.1, "nucleus", "", ""))
        elif i % 40 == 5:
            rows.append((name, "", "", 0.0, "unknown", "", ""))
        else:
            rows.append((name, px, round(7.5 / px, 6), 0.8, "red_cells", px, 0.8))
    return rows


def write_features(path: Path, split: Sequence[tuple[str, ...]]) -> None:
    """Write ``features.parquet`` with one feature and the status of every segmentation."""
    kinds = (*(Status.OK,) * 7, Status.NO_CELL, Status.IMPLAUSIBLE)
    names = [row[0].encode("utf-8", "backslashreplace").decode() for row in split]
    samples = {name: api.Sample(name, label=row[1]) for name, row in zip(names, split, strict=True)}
    table = pd.DataFrame({"area": np.arange(len(split), dtype=float)}, index=names)
    status = {name: kinds[i % len(kinds)] for i, name in enumerate(names)}
    path.write_bytes(features_parquet(table, samples, status, {}, None))


def overlay_panels() -> list[OverlayPanel]:
    """Segment three scenes, one of them wrongly."""
    scenes = [disks(seed) for seed in range(3)]
    implausible = Labels(scenes[1][1].roles, Status.IMPLAUSIBLE)
    return [
        OverlayPanel(*scenes[0], "a.png", "A: typical"),
        OverlayPanel(scenes[1][0], implausible, "b.png", "A: 2 of 9 end like this"),
        OverlayPanel(*scenes[2], "folder with a very long name/" * 4 + "c.png", "B: typical"),
    ]


@cache
def overlays() -> bytes:
    """Draw an overlay sheet with a failure."""
    with TemporaryDirectory() as folder:
        overlay_sheet(
            overlay_panels(),
            Path(folder) / "sheet.png",
            row_lengths=[2, 1],
        )
        return (Path(folder) / "sheet.png").read_bytes()


def webp(seed: int) -> bytes:
    """Draw a small picture of a few cells."""
    image, _ = disks(seed=seed, size=96, cells=1 + seed % 4)
    buffer = io.BytesIO()
    Image.fromarray(image).resize((160, 160)).save(buffer, "WEBP", quality=60)
    return buffer.getvalue()


def write_run(path: Path, sample: Sample) -> Path:
    """Write a finished run directory."""

    def write(name: str, text: str) -> None:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, "utf-8", "surrogateescape")

    def write_json(name: str, value: Any) -> None:
        write(name, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")

    def write_csv(name: str, rows: object, columns: Sequence[str]) -> None:
        text = pd.DataFrame(rows, columns=list(columns), dtype=object).to_csv(
            index=False, lineterminator="\n"
        )
        write(name, text.encode("utf-8", "backslashreplace").decode())

    table = predictions(sample)
    names = table["id"].tolist()
    split = [
        (row["id"], row["true"], f"slide-{i // 3}", row["part"])
        for i, row in enumerate(table.to_dict("records"))
    ]
    for i in range(sample.train):
        label = sample.classes[i % len(sample.classes)]
        split.append((sample.ids(label, 5000 + i), label, f"slide-{900 + i // 3}", "train"))
    write_json("resolved.json", json.loads((FILES / "resolved.json").read_text()) | {"name": sample.name})
    write("recipe.yaml", "leukokit: 1\nname: sample  # a comment\ndata: all_pbs\n")
    data = {
        "images": len(split),
        "sha256": "ab" * 32,
        "files": dict.fromkeys((row[0] for row in split), "cd"),
    }
    facts = json.loads((FILES / "provenance.json").read_text())
    write_json("provenance.json", facts | {"synthetic": sample.synthetic, "data": data})
    event = {"time": "2026-05-04T10:11:12.000+00:00", "elapsed_s": 0.0}
    events = [
        event | {"event": "run_started", "recipe": "sample", "plan": "0123456789abcdef"},
        event | {"event": "warning", "text": "1 pair of identical pictures lies in two parts"},
    ]
    write("journal.jsonl", "".join(json.dumps(each) + "\n" for each in events))
    write_csv("split.csv", split, ("id", "label", "group", "part"))
    write_csv("predictions.csv", table, list(table.columns))
    rejected = [
        (sample.ids(sample.classes[0], 9000 + i), "/data/x", "read", "damaged", "ends early")
        for i in range(sample.rejected)
    ]
    write_csv("rejected.csv", rejected, ("id", "path", "stage", "reason", "detail"))
    write_json("metrics.json", metrics(sample, table))
    write_features(path / "features.parquet", split)
    if sample.scaled:
        write_csv("scale.csv", scales(sample, split), SCALE)
    if sample.audit:
        write_json("audit.json", audit(sample, names))
    if sample.pictures:
        wrong = table[table["true"] != table["predicted"]]["id"].tolist()
        shown = list(dict.fromkeys([*names[:60], *wrong[:200]]))
        (path / "pictures").mkdir()
        drawn = [webp(seed) for seed in range(20)]
        for number in range(len(shown)):
            (path / "pictures" / f"{number:06d}.webp").write_bytes(drawn[number % 20])
        written = [name.encode("utf-8", "backslashreplace").decode() for name in shown]
        write_json("pictures/index.json", {name: f"{i:06d}.webp" for i, name in enumerate(written)})
    if sample.explained:
        heat = [(0, names[0], "x", "x", "x", 0.9)]
        columns = ("index", "id", "true", "predicted", "target", "probability")
        write_csv("explanations/grad_cam/heat.csv", heat, columns)
        features = [(f"feature_{i}", 0.05 / (i + 1), 0.002) for i in range(30)]
        columns = ("feature", "importance_mean", "importance_std")
        write_csv("explanations/permutation_importance.csv", features, columns)
        tried = [(1, 0.81, 0.02, 3), (10, 0.86, 0.01, 1), (96, 0.84, 0.02, 2)]
        write_csv("tuning.csv", tried, ("classify.C", "mean", "std", "rank"))
        epochs = [(1, 0.6, 0.55), (2, 0.8, 0.77), (3, 0.9, 0.82)]
        write_csv("training/history.csv", epochs, ("epoch", "accuracy", "validation_accuracy"))
        sheet = Image.new("RGB", (400, 900), "white")
        for row in range(8):
            image, _ = disks(seed=row, size=96, cells=3)
            for column in range(3):
                sheet.paste(Image.fromarray(image), (90 + 100 * column, 60 + 104 * row))
        (path / "figures").mkdir()
        sheet.save(path / "figures" / "grad_cam_Benign.png")
        (path / "figures" / "segmentation.png").write_bytes(overlays())
    write_json("status.json", {"status": "done", "exit_code": 0, "images": len(split)})
    return path
