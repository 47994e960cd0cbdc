"""Why each step ran or not, compared with the previous run of the same recipe name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leukokit._version import __version__
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import identity
from leukokit.engine.images.plan import ImagePlan
from leukokit.engine.images.plan_building import CELL_CODE
from leukokit.engine.images.stage import StepCount
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.scale.find import Scales
from leukokit.engine.scale.stage import STEP as SCALE
from leukokit.engine.scale.stage import ScaleOfImage
from leukokit.errors import LeukokitError
from leukokit.recipe import Recipe
from leukokit.record.files import PLAN
from leukokit.record.provenance import Plan, PlannedStep, StepIdentity


@dataclass(frozen=True, slots=True)
class StepReason:
    """What a step did and why.

    Attributes
    ----------
    step : str
        Recipe path and name.
    did : str
        ``ran``, ``cached`` or ``not needed``, with counts.
    why : str
    """

    step: str
    did: str
    why: str


def plan_record(recipe: Recipe, plan: ImagePlan, scales: Scales | None) -> Plan:
    """Describe the plan of a run for the next one to compare with."""
    steps: dict[str, PlannedStep] = {}
    if scales is not None:
        setting = scales.setting.model_dump(mode="json")
        how = _own_step(ScaleOfImage.revision, (ScaleOfImage.__module__,), setting)
        steps[SCALE] = PlannedStep(key=scales.own.key, identity=how)
    keys = {step.id: step.key for step in plan.steps()}
    for bound in (*recipe.components_per("image"), *recipe.components_per("fold")):
        step = StepIdentity(**identity(bound))
        steps[bound.step] = PlannedStep(key=keys.get(bound.step), identity=step)
    if plan.cells is not None:
        how = _own_step(plan.cells.component.revision, CELL_CODE, {})
        steps[plan.cells.id] = PlannedStep(key=plan.cells.key, identity=how)
    return Plan(steps=steps, seed=recipe.seed)


def _own_step(revision: int, modules: Sequence[str], params: Mapping[str, Any]) -> StepIdentity:
    """Say what distinguishes a step that leukokit itself carries out."""
    return StepIdentity(
        distribution="leukokit",
        version=__version__,
        code=code_digest(*modules),
        revision=revision,
        params=params,
        fingerprint=None,
    )


def previous_plan(folder: Path, current: Path) -> Plan | None:
    """Plan of the latest run beside ``current`` that wrote one."""
    for path in sorted(folder.glob(f"*/{PLAN.name}"), key=lambda path: path.parent.name, reverse=True):
        if path.parent == current:
            continue
        try:
            return PLAN.read(path.parent)
        except LeukokitError:  # damaged, or of another version: an older one may be readable
            continue
    return None


def explain(
    record: Plan,
    before: Plan | None,
    counts: Mapping[str, StepCount],
    *,
    reused: Mapping[str, bool],
) -> list[StepReason]:
    """Say of every step whether it ran and why.

    Parameters
    ----------
    record, before : Plan
        Plan of this run and of the one before.
    counts : mapping of step id to StepCount
        Of image steps.
    reused : mapping of step id to bool
        Of all other steps: whether everything came from the cache.
    """
    changed_steps = [
        name for name in record.steps if before is not None and _differences(record, before, name)
    ]
    reasons = []
    for name, step in record.steps.items():
        if step.key is None:
            ran = not reused.get(name, False)
            did = "ran" if ran else "cached"
        else:
            count = counts.get(name, StepCount())
            ran = count.computed > 0
            did = _did(count)
        reasons.append(StepReason(name, did, _why(record, before, name, ran, did, changed_steps)))
    return reasons


def _did(count: StepCount) -> str:
    if count.computed and count.reused:
        return f"ran on {count.computed}, cached for {count.reused}"
    if count.computed:
        return f"ran on {count.computed}"
    return f"cached for {count.reused}" if count.reused else "not needed"


def _why(
    record: Plan,
    before: Plan | None,
    name: str,
    ran: bool,
    did: str,
    changed_steps: Sequence[str],
) -> str:
    if name == SCALE and not ran and before is not None and name in changed_steps:
        return "; ".join([*_differences(record, before, name), "the red cells are the same"])
    if not ran:
        return "every later result was cached" if did == "not needed" else "same input, same parameters"
    if before is None:
        return "no earlier run of this recipe name to compare with"
    if name not in before.steps:
        return "new in the recipe"
    differences = _differences(record, before, name)
    if differences:
        return "; ".join(differences)
    names = list(record.steps)
    upstream = [step for step in changed_steps if names.index(step) < names.index(name)]
    if upstream:
        return f"comes after {upstream[0]}, which changed"
    if record.seed != before.seed:
        return f"seed: {before.seed} -> {record.seed}"
    if name.startswith("preprocess.") and record.steps[name].key == before.steps[name].key:
        return "a later step needed its images, which were not in the cache"
    return "images or split changed, or the cache did not hold the result"


def _differences(record: Plan, before: Plan, name: str) -> list[str]:
    if name not in before.steps:
        return ["new in the recipe"]
    old, new = before.steps[name].identity, record.steps[name].identity
    differences = [
        f"params.{key}: {old.params.get(key)!r} -> {new.params.get(key)!r}"
        for key in sorted({*old.params, *new.params})
        if old.params.get(key) != new.params.get(key)
    ]
    if old.revision != new.revision:
        differences.append(f"revision: {old.revision} -> {new.revision}")
    if old.distribution != new.distribution:
        differences.append(f"distribution: {old.distribution} -> {new.distribution}")
    elif old.version != new.version:
        differences.append(f"{new.distribution}: {old.version} -> {new.version}")
    if old.code != new.code:
        differences.append("its code changed")
    differences += [
        f"{library}: {old.libraries.get(library, 'absent')} -> {new.libraries.get(library, 'absent')}"
        for library in sorted({*old.libraries, *new.libraries})
        if old.libraries.get(library) != new.libraries.get(library)
    ]
    if not differences and old.fingerprint != new.fingerprint:
        differences.append("the content of a file it reads changed")
    return differences


def reused_steps(recipe: Recipe, fitted: Collection[FittedFold]) -> dict[str, bool]:
    """Which steps after the images took everything from the cache, in all folds."""
    models = bool(fitted) and all(fold.reused for fold in fitted)
    reused = {bound.step: models for bound in recipe.components_per("fold")}
    explanations = [explained for fold in fitted for explained in fold.explanations.values()]
    for step in {explained.step for explained in explanations}:
        reused[step] = all(explained.reused for explained in explanations if explained.step == step)
    return reused
