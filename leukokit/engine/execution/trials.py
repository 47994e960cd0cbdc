"""Try the settings of a tuned recipe, in this process or in several of this machine.

Every trial runs on one thread in each process: the number of threads that a library uses for a sum may change
the last digit of a score, and with it the choice of a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from time import perf_counter
from typing import Any

import joblib
from threadpoolctl import threadpool_limits

from leukokit.engine.cache.keys import deep_versions
from leukokit.engine.components.call import ComponentCall, calls_are_reported
from leukokit.engine.execution.protocol import Executor, Score, TrialRunner
from leukokit.errors import RunFailed
from leukokit.evaluation.tuning import Candidate, Trial

_WORTH_IT = 6.0
"""Seconds of trials left for processes to be started: importing their libraries takes them 2 to 3."""


def trial_runner(candidates: Sequence[Candidate], executor: Executor) -> TrialRunner:
    """Choose how the trials of these candidates are run; the choice never changes a score.

    Networks, and other classifiers of images, are tried in this process on all cores: a network uses them by
    itself and needs much memory.
    """
    components = [
        component for candidate in candidates for component in (candidate.classifier, *candidate.select)
    ]
    if (
        any(deep_versions(component.requires) for component in components)
        or candidates[0].train.images is not None
    ):
        return on_all_cores
    return executor.run_trials


def trial_call(trial: Trial) -> ComponentCall:
    """Give the context in which a trial is run."""
    return ComponentCall(trial.classifier, "fit or predict_proba", *trial.select, setting=trial.setting)


def on_all_cores(score: Score, trials: Iterable[Trial]) -> Iterator[float]:
    """Run trials in this process, each with as many threads as it wants."""
    for trial in trials:
        with trial_call(trial):
            value = score(trial)
        yield value


def one_by_one(score: Score, trials: Iterable[Trial]) -> Iterator[float]:
    """Run trials in this process."""
    return (on_one_thread(score, trial) for trial in trials)


def on_one_thread(score: Score, trial: Trial) -> float:
    """Run one trial."""
    import sklearn.linear_model  # noqa: F401 - only libraries that are loaded can be limited

    # Sequential: scikit-learn would hand parts of a fit to the backend that the trial itself runs on.
    with threadpool_limits(1), joblib.parallel_config(backend="sequential"), trial_call(trial):
        return score(trial)


def in_processes_if_long(score: Score, trials: Iterable[Trial], count: int) -> Iterable[float]:
    """Run the first trial in this process, and the others in ``count`` processes if they take long."""
    first, *others = trials
    started = perf_counter()
    values = [on_one_thread(score, first)]
    if (perf_counter() - started) * len(others) < _WORTH_IT:
        return chain(values, one_by_one(score, others))
    return values + in_processes(score, others, count)


def in_processes(score: Score, trials: Iterable[Trial], count: int) -> list[float]:
    """Run trials in processes of this machine.

    Where one of them dies in an isolated process, the trials without a score are run there one by one: either
    all get theirs, or the isolated process dies too, and its parent names component and setting.

    Raises
    ------
    RunFailed
        Where a process died, and this process is not isolated.
    """
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    listed = list(trials)
    calls: Any = (joblib.delayed(on_one_thread)(score, trial) for trial in listed)
    values: list[float] = []
    try:
        with joblib.parallel_config(backend="loky", n_jobs=count, inner_max_num_threads=1):
            values.extend(joblib.Parallel(return_as="generator")(calls))
    except TerminatedWorkerError as error:
        rest = listed[len(values) :]
        if calls_are_reported():
            return [*values, *one_by_one(score, rest)]
        raise RunFailed(
            "a process that tried settings of the recipe died",
            where=trial_call(rest[0]).place.method_of_distribution,
            hint=death_hint("It may have run out of memory: give fewer --workers", rest[0]),
        ) from error
    finally:
        # They would wait 300 s for further trials, and the command for them.
        get_reusable_executor().shutdown(wait=True)
    return values


def death_hint(memory: str, trial: Trial) -> str:
    """Say what to do after a trial has killed its process; ``memory`` says what to do where it was short."""
    call = trial_call(trial)
    return f"{memory}. {call.place.advice} if it happens again" if call.is_foreign else memory
