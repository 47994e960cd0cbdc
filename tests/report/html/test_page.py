"""The page: whole with any part of its data, escaped everywhere, small, and the same every time."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from leukokit.engine.finished_run import FinishedRun
from leukokit.record.files import AUDIT
from leukokit.report.audit_page import write_audit_page
from leukokit.report.html import numbers, render_run
from leukokit.report.run_report import report_bytes
from tests.report.html.parsed_page import Page

MakeRun = Callable[..., Path]


def page_of(run: Path) -> Page:
    return Page(render_run(FinishedRun.read(run)))


def test_everything_is_there(full_run: Path) -> None:
    """Each section shows its numbers, and the verdict stands beside the headline."""
    text = page_of(full_run).text
    for words in (
        "What was run",
        "Scores",
        "Can the score be trusted?",
        "What to do next",
        "Glossary",
        "specificity",
        "Misclassified images",
        "Explanations and segmentation",
        "Reproducibility",
        "Research use only. Not a medical device.",
        "Do not trust",
        "Six numbers of color alone reach 79.0%, the model 78.3%",
        "Under the protocol blocked the accuracy falls by 5.1 points to 73.2%",
        "Under other protocols",
        "there are too few groups",
        "Confusion",
        "Operating point: Early, Pre or Pro against Benign",
        "Calibration",
        "temperature scaling",
        "Referring uncertain images to an expert",
        "Six color numbers explain most of the score",
        "rotated by 90",
        "Groups with most errors",
        "Permutation importance",
        "Where the heat of grad cam lies",
        "Heat maps",
        "Segmentation",
        "Status of the segmentations",
        "no white cell found",
        "implausible",
        "A pixel is 0.",
        "Tuning",
        "Training",
        "sha256 of the data",
        "leukokit run resolved.json",
        "1 pair of identical pictures lies in two parts",
        "3 images were rejected",
    ):
        assert words in text, words


def test_headline_numbers_are_those_of_the_metrics(full_run: Path) -> None:
    """Accuracy, its interval and the count of right images agree with metrics.json and predictions.csv."""
    run = FinishedRun.read(full_run)
    facts = run.metrics.test
    assert facts is not None
    assert facts.accuracy is not None
    rows = run.predictions
    assert rows is not None
    rows = rows[rows["part"] == "test"]
    right = int((rows["true"] == rows["predicted"]).sum())
    text = page_of(full_run).text
    assert f"{right} of {len(rows)} test images are classified correctly: {facts.accuracy * 100:.1f}%" in text
    assert facts.intervals is not None
    interval = facts.intervals.accuracy
    assert interval is not None
    assert interval.low is not None
    assert interval.high is not None
    assert f"{interval.low * 100:.1f} to {interval.high * 100:.1f}%" in text
    assert f"{len(rows) - right} of {len(rows)} test images were classified wrongly" in text


def test_errors_stand_worst_first(full_run: Path) -> None:
    """By the probability of the wrong class, from the highest."""
    run = FinishedRun.read(full_run)
    rows = run.predictions
    assert rows is not None
    wrong = rows[(rows["part"] == "test") & (rows["true"] != rows["predicted"])]
    expected = [
        name for _, name in sorted((-row[f"p_{row['predicted']}"], row["id"]) for _, row in wrong.iterrows())
    ]
    html = render_run(run)
    gallery = html[html.index('id="errors"') : html.index("</ul>", html.index('id="errors"'))]
    assert re.findall(r'<bdi class="id">([^<]+)</bdi>', gallery) == expected


def test_the_same_directory_gives_the_same_bytes(full_run: Path, tmp_path: Path) -> None:
    """Twice, and from a copy elsewhere."""
    copy = shutil.copytree(full_run, tmp_path / "copy")
    first = report_bytes(FinishedRun.read(full_run))
    assert report_bytes(FinishedRun.read(full_run)) == first
    assert report_bytes(FinishedRun.read(copy)) == first


def test_the_status_file_is_not_needed(full_run: Path, tmp_path: Path) -> None:
    """A run reports before it closes: its page is the one that is made again later."""
    copy = shutil.copytree(full_run, tmp_path / "copy")
    (copy / "status.json").unlink()
    assert render_run(FinishedRun(copy)) == render_run(FinishedRun.read(full_run))


def test_nothing_comes_from_outside(full_run: Path) -> None:
    """No address but data and files beside; the policy holds the digests of the only style and script."""
    html = render_run(FinishedRun.read(full_run))
    page = Page(html)
    for tag, attributes in page.tags:
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            value = attributes.get(name) or ""
            assert value.startswith(("data:", "#")) or re.fullmatch(r"[\w./-]*", value), (tag, value)
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
    (policy,) = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    for content in (
        re.findall(r"<style>(.*?)</style>", html, re.S),
        re.findall(r"<script>(.*?)</script>", html, re.S),
    ):
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_headings_are_in_order_and_ids_unlike(full_run: Path) -> None:
    """One h1, no level left out, no id twice; links within the page lead somewhere."""
    page = page_of(full_run)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(page.ids) == len(set(page.ids))
    links = [
        a["href"] for tag, a in page.tags if tag in ("a", "use") and (a.get("href") or "").startswith("#")
    ]
    assert {str(link)[1:] for link in links} <= set(page.ids)


@pytest.mark.parametrize(
    "missing",
    [
        {"statistics": False},
        {"audit": False},
        {"pictures": False},
        {"explained": False},
        {"wrong": 0.0},
        {"rejected": 0},
        {"scaled": False},
        {"statistics": False, "audit": False, "pictures": False, "explained": False, "rejected": 0},
    ],
    ids=lambda value: " ".join(value),
)
def test_every_section_copes_with_what_is_absent(make_run: MakeRun, missing: dict[str, object]) -> None:
    """The page is whole, and says what it lacks."""
    page = page_of(make_run(**missing))
    assert "Reproducibility" in page.text
    if missing.get("audit") is False:
        assert "Not audited" in page.text
    if missing.get("pictures") is False:
        assert "This run has no pictures" in page.text
        enlarged = [str(a["alt"]) for tag, a in page.tags if tag == "img" and "data-enlarge" in a]
        assert not [alt for alt in enlarged if not alt.startswith(("a.png:", "b.png:", "folder with"))]
    if missing.get("wrong") == 0.0:
        assert "None of 120 test images was classified wrongly." in page.text


@pytest.mark.parametrize(
    "gone",
    [
        "metrics.json",
        "predictions.csv",
        "split.csv",
        "rejected.csv",
        "journal.jsonl",
        "audit.json",
        "pictures",
        "figures",
        "explanations",
        "tuning.csv",
        "scale.csv",
        "features.parquet",
    ],
)
def test_every_file_may_be_absent(full_run: Path, tmp_path: Path, gone: str) -> None:
    """A run that ends with features has no metrics and no predictions; old runs lack what is newer."""
    copy = shutil.copytree(full_run, tmp_path / "copy")
    path = copy / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    page = page_of(copy)
    assert "Research use only" in page.text


def test_null_numbers_are_dashes(full_run: Path, tmp_path: Path) -> None:
    """Every number of metrics and audit may be null."""
    copy = shutil.copytree(full_run, tmp_path / "copy")

    def nulled(value: object) -> object:
        if isinstance(value, dict):
            return {k: v if k in ("matrix", "groups", "n") else nulled(v) for k, v in value.items()}
        if isinstance(value, list):
            return [nulled(each) for each in value]
        return None if isinstance(value, int | float) and not isinstance(value, bool) else value

    for name in ("metrics.json", "audit.json"):
        (copy / name).write_text(json.dumps(nulled(json.loads((copy / name).read_text()))))
    assert "\N{EN DASH}" in page_of(copy).text


HOSTILE_CLASS = "<script>alert(1)</script>\"'&{{ 7*7 }}\u202etxt.exe</style>--></bdi>"
HOSTILE = HOSTILE_CLASS + "\udcff"


def test_hostile_names_stay_text(make_run: MakeRun) -> None:
    """Recipe, classes, ids and groups may be anything: nothing becomes markup, nothing is lost."""
    classes = (
        HOSTILE_CLASS,
        "b",
        "]]><img src=x onerror=alert(2)>",
        "\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    )
    run = make_run(name=HOSTILE, classes=classes, ids=lambda _, i: f"{HOSTILE}{i}.jpg", held_out=40)
    html = render_run(FinishedRun.read(run))
    html.encode("utf-8")
    page = Page(html)
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert [each.get("type") for each in scripts] == ["application/json", None]
    assert "\u202e" not in html
    assert "alert(1)</script>\"'&{{ 7*7 }}\\u202etxt.exe</style>--></bdi>\\udcff" in page.text
    assert not [a for tag, a in page.tags if tag == "img" and a.get("src") == "x"]
    # The numbers in the page are JSON still, and can be read back.
    found = json.loads(page.scripts[0])
    assert found["run"]["name"] == HOSTILE
    assert "</" not in page.scripts[0]


def test_pictures_are_found_under_hostile_ids(make_run: MakeRun) -> None:
    """An id that is no UTF-8 is written with escapes in every table, and so in the index."""
    run = make_run(ids=lambda label, i: f"{label}/\udcff{i}.jpg", held_out=40, wrong=0.5)
    page = page_of(run)
    assert [
        a
        for tag, a in page.tags
        if tag == "img" and "\\udcff" in (a.get("alt") or "") and "data-enlarge" in a
    ]


def test_an_index_cannot_lead_out_of_the_folder(full_run: Path, tmp_path: Path) -> None:
    """A file name with a path in it shows nothing."""
    copy = shutil.copytree(full_run, tmp_path / "copy")
    (tmp_path / "secret.webp").write_bytes(b"secret")
    index = json.loads((copy / "pictures" / "index.json").read_text())
    (copy / "pictures" / "index.json").write_text(json.dumps(dict.fromkeys(index, "../../secret.webp")))
    assert base64.b64encode(b"secret").decode() not in render_run(FinishedRun.read(copy))


def test_a_large_run_stays_under_five_megabytes(make_run: MakeRun) -> None:
    """3256 predicted images, nearly half of them wrong, pictures of noise, figures of noise."""
    from PIL import Image

    run = make_run(train=0, held_out=1628, wrong=0.5)
    rng = np.random.default_rng(0)
    for path in (run / "pictures").glob("*.webp"):
        noise = rng.integers(0, 256, (160, 160, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path, "WEBP", quality=60)
    for name in ("grad_cam_Benign", "grad_cam_Early", "grad_cam_Pre", "grad_cam_Pro", "segmentation"):
        noise = rng.integers(0, 256, (1500, 600, 3), dtype=np.uint8)
        Image.fromarray(noise).save(run / "figures" / f"{name}.png")
    html = report_bytes(FinishedRun.read(run))
    assert len(html) < 5_000_000
    page = Page(html.decode())
    assert "did not fit on the page" in page.text
    assert "further misclassified images without pictures" in page.text


def test_numbers_hold_run_metrics_and_audit(full_run: Path) -> None:
    """What --json prints is in the page too."""
    run = FinishedRun.read(full_run)
    found = json.loads(page_of(full_run).scripts[0])
    assert found == json.loads(json.dumps(numbers(run)))
    assert found["metrics"]["test"]["accuracy"] == run.metrics.plain()["test"]["accuracy"]
    assert found["run"]["images"] == 480


def test_synthetic_runs_are_stamped(make_run: MakeRun) -> None:
    """The stamp is the first thing on the page."""
    page = page_of(make_run(synthetic=True))
    assert "SYNTHETIC SMEARS, NOT REAL DATA" in page.text
    assert "replaced by synthetic smears" in page.text


def test_a_leak_fails_whatever_the_audit_says(full_run: Path, tmp_path: Path) -> None:
    """A model with a leak is not to be trusted, with or without an audit."""
    copy = shutil.copytree(full_run, tmp_path / "copy")
    metrics = json.loads((copy / "metrics.json").read_text())
    (copy / "metrics.json").write_text(json.dumps(metrics | {"leaks": ["a selector remembers <rows>"]}))
    (copy / "audit.json").unlink()
    text = page_of(copy).text
    assert "Do not trust The model has a leak" in text.replace("do not trust", "Do not trust")
    assert "Leak found" in text
    assert "a selector remembers <rows>" in text


def test_the_verdict_names_what_is_worst(full_run: Path) -> None:
    """Known faults first, then what cannot be told, each with a link to where the page says more."""
    html = render_run(FinishedRun.read(full_run))
    verdict = html[html.index("<aside") : html.index("</aside>")]
    links = re.findall(r'<a href="(#[^"]+)">([^<]+)</a>', verdict)
    assert links[:5] == [
        ("#probes", "Six numbers of color alone reach 79.0%, the model 78.3%: no cell is needed for that"),
        ("#finding-1", "Six color numbers explain most of the score"),
        ("#finding-2", "Near views lie in two parts"),
        ("#trust", "Nobody checked whether the model knows of its test images"),
        ("#run", "Images have groups, but nothing says whether a group is a patient"),
    ]
    assert links[-1] == ("#trust", "All findings")
    assert "3 checks fail, 4 warn, 2 pass, 1 was skipped." in Page(html).text


def test_tables_of_findings_show_shares_and_other_numbers(full_run: Path) -> None:
    """A column within 0..1 is of shares, one beyond is of numbers, and p is no share."""
    text = page_of(full_run).text
    assert "Benign 141 25.0%" in text


def test_an_audit_that_could_not_look_is_no_praise(full_run: Path, tmp_path: Path) -> None:
    """Where every check was skipped the page says so, instead of that nothing was found."""
    copy = shutil.copytree(full_run, tmp_path / "copy")
    audit = json.loads((copy / "audit.json").read_text())
    skipped = [finding | {"level": "skipped"} for finding in audit["findings"][-1:]]
    nothing_seen = audit | {"level": "skipped", "findings": skipped, "probes": []}
    (copy / "audit.json").write_text(json.dumps(nothing_seen))
    text = page_of(copy).text
    assert "Not audited" in text
    assert "Every check was skipped" in text
    assert "Checks pass" not in text
    assert "there is no audit" in text


def test_an_audit_has_a_page_of_its_own(full_run: Path, tmp_path: Path) -> None:
    """With the same findings, the pictures that are given, and no section of a run."""
    audit = AUDIT.read(full_run)
    name = audit.findings[2].pairs[0].a
    picture = next((full_run / "pictures").glob("*.webp")).read_bytes()
    write_audit_page(tmp_path / "audit.html", audit, {name: picture}, title="<b>all_pbs")
    page = Page((tmp_path / "audit.html").read_text("utf-8"))
    assert "Six color numbers explain most of the score" in page.text
    assert "<b>all_pbs" in page.text
    assert "Misclassified images" not in page.text
    assert next(a["alt"] for tag, a in page.tags if tag == "img" and "data-enlarge" in a) == name
