"""The section on the audit: its findings and probes, and how far to trust the scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from leukokit.record.audit import AuditedModel, AuditFinding, AuditProbe, AuditRecord, FindingTable, ImagePair
from leukokit.report.html import plots
from leukokit.report.html.axes import MARKS
from leukokit.report.html.estimate import Cell, Estimate, HtmlTable, Plot, count, number
from leukokit.report.html.pictures import Pictures
from leukokit.report.html.text import counted, known, percent, short, words
from leukokit.verdict.probe_sentences import beside_probes

LEVELS = ("fail", "warn", "ok", "skipped")
_SHOWN_PAIRS = 6
_PICTURED_PAIRS = 30
_SHOWN_IMAGES = 24
_HEADLINES = {
    "ok": ("Checks pass", "The audit found no fault in the data or in the split."),
    "warn": ("Checks warn", "Read the findings before you use the scores."),
    "fail": (
        "Checks fail",
        "The faults found can explain the score without any information about cells.",
    ),
    "none": ("Not audited", "No check was made: nobody looked for what can make the score too good."),
}
_SITES = {
    "ok": ("B is like A", "No difference in stain, scale, sharpness or content is larger than within A."),
    "warn": ("B differs from A", "Read the findings before you use a model of A on B."),
    "fail": ("B is not like A", "A score on A says little of B: test on labeled images of B."),
    "none": ("Not compared", "Too few images to compare."),
}
_LEAK = ("Leak found", "The model uses information about its test images: the leak check found a leak.")
_TURNS = {
    "rotate90": "rotated by 90\N{DEGREE SIGN}",
    "rotate180": "rotated by 180\N{DEGREE SIGN}",
    "rotate270": "rotated by 270\N{DEGREE SIGN}",
}
_LEVEL_WORDS = {"fail": "fails", "warn": "warns", "ok": "passes", "skipped": "skipped"}


@dataclass(frozen=True, slots=True)
class Thumb:
    """One picture with what stands below it.

    Attributes
    ----------
    address : Markup or None
        None where the run keeps no picture of it.
    """

    id: str
    address: Markup | None
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images that are alike."""

    a: Thumb
    b: Thumb
    words: str
    across: str


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """What one check found."""

    check: str
    level: str
    level_words: str
    title: str
    text: str
    measured: str
    pairs: Sequence[Pair]
    folded_pairs: Sequence[Pair]
    pair_table: HtmlTable | None
    pair_count: int
    images: Sequence[Thumb]
    more_images: Sequence[str]
    table: HtmlTable | None


@dataclass(frozen=True, slots=True)
class Worry:
    """One line on what speaks against a score.

    Attributes
    ----------
    level, level_words : str
        As the page shows it, and in words.
    href : str
        Where the page says more.
    """

    level: str
    level_words: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class AuditSection:
    """The audit as the page shows it.

    Attributes
    ----------
    level : str
        ``ok``, ``warn``, ``fail``, or ``none`` where there is no audit.
    tally : str
        ``2 checks fail, 1 warns, 5 pass``.
    leaks : sequence of str
        What the run itself caught: models that know of the images that they are tested on.
    beside_probes : sequence of str
        How the model does where probes fail, and how many patients would tell it from the strongest.
    """

    level: str
    title: str
    sentence: str
    tally: str
    findings: Sequence[ShownFinding]
    probes: Plot | None
    probe_table: HtmlTable | None
    best_probe: tuple[str, Estimate, str] | None
    chance: float | None
    images: int | None
    pictures_left_out: int
    leaks: Sequence[str] = ()
    beside_probes: Sequence[str] = ()


def audit_section_of(
    audit: AuditRecord | None, pictures: Pictures, leaks: Sequence[str] = ()
) -> AuditSection:
    """Read an audit; without one the level is ``none``, with leaks it is ``fail``."""
    if audit is None:
        level = "fail" if leaks else "none"
        words_ = _LEAK if leaks else _HEADLINES["none"]
        return AuditSection(level, *words_, "", [], None, None, None, None, None, 0, leaks)
    shown = (_finding(finding, pictures) for finding in audit.findings)
    findings = sorted(shown, key=lambda finding: LEVELS.index(finding.level))
    probes = audit.probes
    level = "fail" if leaks else "none" if audit.level == "skipped" else audit.level
    plot, table = _probes(probes, audit.model)
    compared = bool(findings) and all(finding.check.endswith("_unlike") for finding in audit.findings)
    headline = (_SITES if compared else _HEADLINES)[level]
    return AuditSection(
        level=level,
        title=headline[0],
        sentence=(_LEAK if leaks else headline)[1],
        tally=_tally([*(judged.level for judged in findings), *(judged.level for judged in probes)]),
        findings=findings,
        probes=plot,
        probe_table=table,
        best_probe=_best(probes),
        chance=_chance(probes, audit.model),
        images=audit.images,
        pictures_left_out=pictures.left_out,
        leaks=leaks,
        beside_probes=beside_probes(audit),
    )


def first_upper(text: str) -> str:
    """Give a sentence its large first letter."""
    return text[:1].upper() + text[1:]


def _tally(levels: Sequence[str]) -> str:
    counts = Counter(levels)
    parts = []
    for level, one, many in (
        ("fail", "check fails", "checks fail"),
        ("warn", "warns", "warn"),
        ("ok", "passes", "pass"),
        ("skipped", "was skipped", "were skipped"),
    ):
        if counts[level]:
            parts.append(counted(counts[level], one, many))
    return ", ".join(parts)


def _finding(finding: AuditFinding, pictures: Pictures) -> ShownFinding:
    pictured = [_pair(pair, pictures) for pair in finding.pairs[:_PICTURED_PAIRS]]
    return ShownFinding(
        check=words(finding.check),
        level=finding.level,
        level_words=_LEVEL_WORDS[finding.level],
        title=first_upper(finding.title or words(finding.check)),
        text=finding.text,
        measured=_measured(finding),
        pairs=pictured[:_SHOWN_PAIRS],
        folded_pairs=pictured[_SHOWN_PAIRS:],
        pair_table=_pair_table(finding.pairs) if finding.pairs else None,
        pair_count=finding.pair_count or len(finding.pairs),
        images=[Thumb(name, pictures.address(name)) for name in finding.images[:_SHOWN_IMAGES]],
        more_images=finding.images[_SHOWN_IMAGES:],
        table=_table(finding.table),
    )


def _measured(finding: AuditFinding) -> str:
    if finding.value is None:
        return ""
    parts = [f"measured {_with_unit(finding.value, finding.unit)}"]
    for limit, verb in ((finding.warn, "warns"), (finding.fail, "fails")):
        if limit is not None:
            parts.append(f"{verb} from {_with_unit(limit, finding.unit)}")
    return ", ".join(parts)


def _with_unit(value: float, unit: str) -> str:
    if unit == "share":
        return percent(value)
    shown = short(int(value)) if value == int(value) else short(value)
    return shown if unit in ("", "count", "ratio") else f"{shown} {words(unit)}"


def _pair(pair: ImagePair, pictures: Pictures) -> Pair:
    first = Thumb(pair.a, pictures.address(pair.a), [_place(pair.label_a, pair.part_a)])
    second = Thumb(pair.b, pictures.address(pair.b), [_place(pair.label_b, pair.part_b)])
    return Pair(first, second, _alike(pair), _across(pair))


def _place(label: str | None, part: str | None) -> str:
    """Class and part of an image, as far as it has them."""
    return ", ".join(filter(None, (label, part)))


def _alike(pair: ImagePair) -> str:
    kinds = {
        "exact": "the same file content",
        "near": "nearly the same picture",
        "overlap": "overlapping views",
    }
    text = kinds.get(pair.kind, words(pair.kind))
    transform = pair.transform or "identity"
    if transform != "identity":
        text += f", {_TURNS.get(transform, words(transform))}"
    if pair.overlap is not None:
        text += f", {percent(pair.overlap, 0)} shared"
    if pair.inliers is not None:
        text += f", {pair.inliers} matching points"
    return text


def _across(pair: ImagePair) -> str:
    """Say what the two are apart in: ``classes``, ``parts``, both, or nothing."""
    apart = [
        many
        for many, first, second in (
            ("classes", pair.label_a, pair.label_b),
            ("parts", pair.part_a, pair.part_b),
        )
        if first is not None and first != second
    ]
    return " and ".join(apart)


def _pair_table(pairs: Sequence[ImagePair]) -> HtmlTable:
    columns = ["first", "class, part", "second", "class, part", "how alike"]
    rows = []
    for pair in pairs:
        first, second = _place(pair.label_a, pair.part_a), _place(pair.label_b, pair.part_b)
        texts = [pair.a, first, pair.b, second, _alike(pair)]
        rows.append([Cell(text, text) for text in texts])
    return HtmlTable(columns, rows, counted(len(pairs), "pair"))


def _table(table: FindingTable | None) -> HtmlTable | None:
    if table is None or not table.rows:
        return None
    names = [words(name) for name in table.columns]
    shares = {place for place in range(len(names)) if _shares([row[place] for row in table.rows])}
    rows = []
    for row in table.rows:
        cells = []
        for place, value in enumerate(row):
            as_number = known(value)
            if as_number is None:
                cells.append(Cell(short(value), short(value)))
                continue
            is_share = place in shares and names[place] != "p"
            text = percent(value) if is_share else short(value)
            cells.append(Cell(text, as_number, align="right"))
        rows.append(cells)
    return HtmlTable(names, rows)


def _shares(values: Sequence[object]) -> bool:
    """Whether a column holds shares: numbers within 0..1, not all of them whole."""
    numbers = [value for value in map(known, values) if value is not None]
    whole = all(isinstance(value, int) for value in values if known(value) is not None)
    return bool(numbers) and not whole and all(0 <= value <= 1 for value in numbers)


def _probes(probes: Sequence[AuditProbe], model: AuditedModel | None) -> tuple[Plot | None, HtmlTable | None]:
    if not probes:
        return None, None
    rows, dots = [], []
    for probe in probes:
        accuracy = Estimate.between(probe.accuracy, probe.low, probe.high)
        name, level = words(probe.name), probe.level
        rows.append(
            [
                Cell(name, name, probe.what),
                count(probe.columns),
                Cell(accuracy.text, accuracy.value, accuracy.interval, "right"),
                number(probe.chance),
                _share(probe),
                _where_wrong(probe),
                Cell(_LEVEL_WORDS[level], level),
            ]
        )
        color = level if level in MARKS else "muted"
        if accuracy.value is None:
            continue
        dots.append(plots.Point(name, accuracy, color, probe.chance))
    columns = [
        "probe",
        "input",
        "accuracy",
        "chance",
        "gain over chance / model's gain",
        "model where it is wrong",
        "level",
    ]
    table = HtmlTable(columns, rows, "Probes: models that do not use the cells")
    band = None
    if model is not None and model.accuracy is not None:
        band = plots.Band("this model", Estimate.between(model.accuracy, model.low, model.high))
    description = "; ".join(f"{dot.label} {dot.estimate.both}" for dot in dots)
    if band is not None:
        description += f"; the model {band.estimate.both}"
    if not dots:
        return None, table
    svg = plots.dot_plot(
        dots,
        "probes",
        title="Probes beside the model",
        description=f"Accuracy of probes: {description}",
        band=band,
    )
    note = "Short gray marks: chance. Circle: pass, triangle: warning, square: failure."
    return Plot(svg, "Accuracy of models that do not use the cells", table, note), table


def _share(probe: AuditProbe) -> Cell:
    share = Estimate.between(probe.share_of_gain, probe.share_low, probe.share_high)
    return Cell(share.text, share.value, share.interval, "right")


def _where_wrong(probe: AuditProbe) -> Cell:
    found = Estimate.measured(probe.where_wrong)
    n = "" if probe.where_wrong is None else f"n = {probe.where_wrong.n or 0:,}"
    return Cell(found.text, found.value, "; ".join(filter(None, (found.interval, n))), "right")


def _most_accurate(probes: Sequence[AuditProbe]) -> AuditProbe | None:
    scored = [probe for probe in probes if probe.accuracy is not None]
    return max(scored, key=lambda probe: probe.accuracy or 0.0, default=None)


def _best(probes: Sequence[AuditProbe]) -> tuple[str, Estimate, str] | None:
    best = _most_accurate(probes)
    if best is None:
        return None
    return words(best.name), Estimate.between(best.accuracy, best.low, best.high), best.what


def _chance(probes: Sequence[AuditProbe], model: AuditedModel | None) -> float | None:
    chances = [*([] if model is None else [model.chance]), *(probe.chance for probe in probes)]
    return next((chance for chance in chances if chance is not None), None)
