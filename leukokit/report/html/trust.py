"""How far to trust it: the audit's findings and probes, in the words of a reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from leukokit.report.html import plots
from leukokit.report.html.axes import MARKS
from leukokit.report.html.estimate import Cell, Estimate, Plot, Table, count, number
from leukokit.report.html.pictures import Pictures
from leukokit.report.html.text import counted, known, percent, short, words

LEVELS = ("fail", "warn", "ok", "skipped")
_SHOWN_PAIRS = 6
_PICTURED_PAIRS = 30
_SHOWN_IMAGES = 24
_HEADLINES = {
    "ok": ("No fault found", "The audit found no fault in the data or in the split."),
    "warn": ("With care", "The audit has warnings: read its findings before you use the scores."),
    "fail": (
        "Not reliable",
        "The audit found faults that can explain the score without any information about cells.",
    ),
    "none": ("Not audited", "No check was made, so it is unknown whether the score can be trusted."),
}
_LEAK = ("Not reliable", "The model uses information about its test images: the leak check found a leak.")
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
class Finding:
    """What one check found."""

    check: str
    level: str
    level_words: str
    title: str
    text: str
    measured: str
    pairs: Sequence[Pair]
    folded_pairs: Sequence[Pair]
    pair_table: Table | None
    pair_count: int
    images: Sequence[Thumb]
    more_images: Sequence[str]
    table: Table | None


@dataclass(frozen=True, slots=True)
class Worry:
    """One line of the verdict: a finding or probe that fails or warns.

    Attributes
    ----------
    href : str
        Where the page says more.
    """

    level: str
    level_words: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class Trust:
    """The audit as the page shows it.

    Attributes
    ----------
    level : str
        ``ok``, ``warn``, ``fail``, or ``none`` where there is no audit.
    tally : str
        ``2 checks fail, 1 warns, 5 pass``.
    worries : sequence of Worry
        What fails or warns, the worst first; of the probes the best one only.
    leaks : sequence of str
        What the run itself caught: models that know of the images that they are tested on.
    """

    level: str
    title: str
    sentence: str
    tally: str
    findings: Sequence[Finding]
    probes: Plot | None
    probe_table: Table | None
    best_probe: tuple[str, Estimate, str] | None
    chance: float | None
    images: int | None
    pictures_left_out: int
    leaks: Sequence[str] = ()
    worries: Sequence[Worry] = ()


def trust_of(audit: Mapping[str, Any] | None, pictures: Pictures, leaks: Sequence[str] = ()) -> Trust:
    """Read an audit; a run without one gets a trust of level ``none``, and one with leaks fails."""
    if audit is None:
        level = "fail" if leaks else "none"
        words_ = _LEAK if leaks else _HEADLINES["none"]
        return Trust(level, *words_, "", [], None, None, None, None, None, 0, leaks)
    raw = [each for each in audit.get("findings") or () if isinstance(each, Mapping)]
    findings = sorted((_finding(each, pictures) for each in raw), key=lambda each: LEVELS.index(each.level))
    probes = [each for each in audit.get("probes") or () if isinstance(each, Mapping)]
    level = "fail" if leaks else str(audit.get("level"))
    level = "none" if level == "skipped" else level if level in _HEADLINES else "warn"
    model = audit.get("model")
    plot, table = _probes(probes, model if isinstance(model, Mapping) else None)
    return Trust(
        level=level,
        title=_HEADLINES[level][0],
        sentence=(_LEAK if leaks else _HEADLINES[level])[1],
        tally=_tally([*(each.level for each in findings), *(str(each.get("level")) for each in probes)]),
        findings=findings,
        probes=plot,
        probe_table=table,
        best_probe=_best(probes),
        chance=_chance(probes, model),
        images=int(audit["images"]) if known(audit.get("images")) is not None else None,
        pictures_left_out=pictures.left_out,
        leaks=leaks,
        worries=_worries(findings, probes),
    )


def _worries(findings: Sequence[Finding], probes: Sequence[Mapping[str, Any]]) -> list[Worry]:
    found = []
    worrying = [each for each in probes if each.get("level") in ("fail", "warn")]
    if (best := _best(worrying)) is not None:
        name, accuracy, _ = best
        facts = next(each for each in worrying if words(each.get("name")) == name)
        level = str(facts["level"])
        title = f"{_first_upper(name)} alone reaches {accuracy.text}"
        if known(facts.get("share_of_gain")) is not None:
            model, chance = percent(facts.get("model_accuracy")), percent(facts.get("chance"), 0)
            title += f"; the model reaches {model}, chance {chance}"
        found.append(Worry(level, _LEVEL_WORDS[level], title, "#probes"))
    found += [
        Worry(each.level, each.level_words, each.title, f"#finding-{place}")
        for place, each in enumerate(findings, start=1)
        if each.level in ("fail", "warn")
    ]
    return sorted(found, key=lambda each: LEVELS.index(each.level))


def _first_upper(text: str) -> str:
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


def _finding(facts: Mapping[str, Any], pictures: Pictures) -> Finding:
    level = str(facts.get("level"))
    level = level if level in LEVELS else "warn"
    raw = [each for each in facts.get("pairs") or () if isinstance(each, Mapping)]
    pictured = [_pair(each, pictures) for each in raw[:_PICTURED_PAIRS]]
    ids = [str(each) for each in facts.get("images") or ()]
    return Finding(
        check=words(facts.get("check")),
        level=level,
        level_words=_LEVEL_WORDS[level],
        title=_first_upper(str(facts.get("title") or words(facts.get("check")))),
        text=str(facts.get("text") or ""),
        measured=_measured(facts),
        pairs=pictured[:_SHOWN_PAIRS],
        folded_pairs=pictured[_SHOWN_PAIRS:],
        pair_table=_pair_table(raw) if raw else None,
        pair_count=int(known(facts.get("pair_count")) or len(raw)),
        images=[Thumb(each, pictures.address(each)) for each in ids[:_SHOWN_IMAGES]],
        more_images=ids[_SHOWN_IMAGES:],
        table=_table(facts.get("table")),
    )


def _measured(facts: Mapping[str, Any]) -> str:
    value = known(facts.get("value"))
    if value is None:
        return ""
    unit = str(facts.get("unit") or "")
    parts = [f"measured {_with_unit(value, unit)}"]
    for key, verb in (("warn", "warns"), ("fail", "fails")):
        if (limit := known(facts.get(key))) is not None:
            parts.append(f"{verb} from {_with_unit(limit, unit)}")
    return ", ".join(parts)


def _with_unit(value: float, unit: str) -> str:
    if unit == "share":
        return percent(value)
    shown = short(int(value)) if value == int(value) else short(value)
    return shown if unit in ("", "count", "ratio") else f"{shown} {words(unit)}"


def _pair(facts: Mapping[str, Any], pictures: Pictures) -> Pair:
    def side(name: str) -> Thumb:
        lines = [str(facts[key]) for key in (f"label_{name}", f"part_{name}") if facts.get(key)]
        return Thumb(str(facts.get(name)), pictures.address(str(facts.get(name))), [", ".join(lines)])

    return Pair(side("a"), side("b"), _alike(facts), _across(facts))


def _alike(facts: Mapping[str, Any]) -> str:
    kinds = {
        "exact": "the same file content",
        "near": "nearly the same picture",
        "overlap": "overlapping views",
    }
    text = kinds.get(str(facts.get("kind")), words(facts.get("kind") or "alike"))
    transform = str(facts.get("transform") or "identity")
    if transform != "identity":
        text += f", {_TURNS.get(transform, words(transform))}"
    if (overlap := known(facts.get("overlap"))) is not None:
        text += f", {percent(overlap, 0)} shared"
    if (inliers := known(facts.get("inliers"))) is not None:
        text += f", {inliers:.0f} matching points"
    return text


def _across(facts: Mapping[str, Any]) -> str:
    """Say what the two are apart in: ``classes``, ``parts``, both, or nothing."""
    apart = [
        many
        for key, many in (("label", "classes"), ("part", "parts"))
        if facts.get(f"{key}_a") is not None and facts.get(f"{key}_a") != facts.get(f"{key}_b")
    ]
    return " and ".join(apart)


def _pair_table(raw: Sequence[Mapping[str, Any]]) -> Table:
    columns = ["first", "class, part", "second", "class, part", "how alike"]
    rows = []
    for each in raw:
        sides = [
            ", ".join(str(each[k]) for k in (f"label_{s}", f"part_{s}") if each.get(k)) for s in ("a", "b")
        ]
        texts = [str(each.get("a")), sides[0], str(each.get("b")), sides[1], _alike(each)]
        rows.append([Cell(text, text) for text in texts])
    return Table(columns, rows, counted(len(raw), "pair"))


def _table(facts: object) -> Table | None:
    if not isinstance(facts, Mapping) or not facts.get("rows"):
        return None
    names = [words(name) for name in facts.get("columns") or ()]
    shares = {place for place in range(len(names)) if _shares([row[place] for row in facts["rows"]])}
    rows = []
    for row in facts["rows"]:
        cells = []
        for place, value in enumerate(row):
            found = known(value)
            is_share = place in shares and names[place] != "p" and found is not None
            text = percent(value) if is_share else short(value)
            cells.append(
                Cell(
                    text, found if found is not None else text, align="right" if found is not None else "left"
                )
            )
        rows.append(cells)
    return Table(names, rows)


def _shares(values: Sequence[object]) -> bool:
    """Whether a column holds shares: numbers within 0..1, not all of them whole."""
    numbers = [value for value in map(known, values) if value is not None]
    whole = all(isinstance(value, int) for value in values if known(value) is not None)
    return bool(numbers) and not whole and all(0 <= value <= 1 for value in numbers)


def _probes(
    probes: Sequence[Mapping[str, Any]], model: Mapping[str, Any] | None
) -> tuple[Plot | None, Table | None]:
    if not probes:
        return None, None
    rows, dots = [], []
    for each in probes:
        accuracy = Estimate.of(each.get("accuracy"), each)
        level = str(each.get("level"))
        rows.append(
            [
                Cell(words(each.get("name")), words(each.get("name")), str(each.get("what") or "")),
                count(each.get("columns")),
                Cell(accuracy.text, accuracy.value, accuracy.interval, "right"),
                number(each.get("chance")),
                number(each.get("share_of_gain")),
                Cell(_LEVEL_WORDS.get(level, level), level),
            ]
        )
        color = level if level in MARKS else "muted"
        if accuracy.value is None:
            continue
        dots.append(plots.Point(words(each.get("name")), accuracy, color, known(each.get("chance"))))
    columns = ["probe", "input", "accuracy", "chance", "gain over chance / model's gain", "level"]
    table = Table(columns, rows, "Probes: models that do not use the cells")
    band = None
    if model is not None and known(model.get("accuracy")) is not None:
        band = plots.Band("this model", Estimate.of(model.get("accuracy"), model))
    description = "; ".join(f"{each.label} {each.estimate.both}" for each in dots)
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


def _best(probes: Sequence[Mapping[str, Any]]) -> tuple[str, Estimate, str] | None:
    found = [(known(each.get("accuracy")), each) for each in probes]
    best = max(
        ((value, each) for value, each in found if value is not None), key=lambda one: one[0], default=None
    )
    if best is None:
        return None
    each = best[1]
    return words(each.get("name")), Estimate.of(each.get("accuracy"), each), str(each.get("what") or "")


def _chance(probes: Sequence[Mapping[str, Any]], model: object) -> float | None:
    facts = [model, *probes] if isinstance(model, Mapping) else list(probes)
    return next((value for each in facts if (value := known(each.get("chance"))) is not None), None)
