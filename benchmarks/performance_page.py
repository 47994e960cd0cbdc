"""Lay out docs/performance.md from what performance.py measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from performance_aims import Aim, shown

Facts = Mapping[str, Any]


def page(facts: Facts, machine: Sequence[str]) -> str:
    """Give the whole page."""
    lines = [
        "# Performance",
        "",
        "Written by `benchmarks/performance.py`, never by hand. Each ratio comes from one run: what is "
        "compared took turns on the same images, and results were compared before times.",
        "",
        *machine,
        "",
        "## Aims",
        "",
        *table(["what", "aim", "measured", "met"], [aim.row() for aim in aims(facts)]),
        "",
        *segmentation(facts["segmentation"]),
        *path(facts["path"]),
        *features(facts["features"]["families"]),
        *peers(facts["peers"]),
        *flow(facts["flow"]),
        *cluster(facts["cluster"]),
        *distributed(facts["distributed"]),
        *commands(facts["commands"], facts["peers"]["start_up"]),
    ]
    return "\n".join(lines)


def aims(facts: Facts) -> Iterable[Aim]:
    """All aims, in the order of the path."""
    cut, steps, rates = facts["segmentation"], facts["path"]["steps"], facts["path"]["images_per_second"]
    runs, starts, flowing = facts["commands"], facts["peers"]["start_up"], facts["flow"]
    engine = facts["peers"]["overhead"]
    installed = cut["obvious_as_installed"]
    yield Aim(
        "IoU of nuclei with the obvious way",
        0.990,
        cut["ours"][0],
        "",
        most=False,
    )
    yield Aim("IoU of cytoplasm with the obvious way", 0.941, cut["ours"][1], "", most=False)
    yield Aim("as many nuclei as the obvious way", 0.87, cut["ours"][2], "%", most=False)
    yield Aim("nucleus and cytoplasm of an image, one thread", 6, cut["ms"], "ms")
    yield Aim(
        "the same, processor time of the obvious way as installed",
        55,
        installed["processor_ms"] / cut["ms"],
        "times",
        most=False,
        because="waiting threads of its k-means are most of that time, and how long they wait differs "
        "between machines",
    )
    yield Aim(
        "the same, the obvious way on one thread",
        55,
        cut["obvious_ms"] / cut["ms"],
        "times",
        most=False,
        because=f"on one thread it takes {cut['obvious_ms']:.0f} ms, not the 340 ms that the aim assumed",
    )
    yield Aim(
        "paper's segmentation, decoding included, all cores",
        300,
        rates["kmeans_watershed"],
        "images/s",
        most=False,
    )
    yield Aim("multi-Otsu, the same", 1000, rates["multi_otsu"], "images/s", most=False)
    color = sum(ms for step, ms in steps.items() if step.startswith("preprocess."))
    yield Aim("color adjustment and median filter", 1, color, "ms")
    together = facts["features"]["families"]["together, planes shared"]
    yield Aim("all families of features, one thread", 15, together["ms"], "ms")
    yield Aim("`svm_segmented.yaml`, 3256 images, cold", 45, runs["run without audit, cold"], "s")
    yield Aim("the same with the audit, which the aim did not include", 45, runs["run, cold"], "s")
    yield Aim("`svm_segmented.yaml` from the cache", 4, runs["run without audit, from the cache"], "s")
    yield Aim("the same with the audit", 4, runs["run, from the cache"], "s")
    yield Aim(
        "engine against a plain script, image work of one process",
        0.05,
        engine["overhead_image_processor"],
        "%",
    )
    yield Aim(
        "engine against a plain script, images and model, two processes",
        0.05,
        engine["overhead_images_and_model"],
        "%",
        because=f"{engine['leak_checks_s']:.1f} s go into testing whether selectors remember earlier fits, "
        "and most of the rest into a model file that loads without pickle; a script does neither",
    )
    yield Aim("memory at the peak, workers included", 1200, flowing["peak_mib_many"], "MiB")
    yield Aim(
        f"memory of {shown(flowing['times_images'], 'times')} the images",
        1.1,
        flowing["peak_mib_many"] / flowing["peak_mib"],
        "times",
        because="for each image its name, path, digest and row of features are held",
    )
    yield Aim(
        f"time of {shown(flowing['times_images'], 'times')} the images",
        1.05 * flowing["times_images"],
        flowing["times_seconds"],
        "times",
    )
    yield Aim("cores at work while images are", 0.9, flowing["busy_many"], "%", most=False)
    yield Aim(
        "cost of filling the cache, processor time of the image stage", 0.03, flowing["cache_price"], "%"
    )
    yield Aim(f"look-ups of {flowing['looked_up']:,} images", 2, flowing["look_up_seconds"], "s")
    yield Aim("`leukokit --help`", 0.15, starts["leukokit --help"], "s")
    yield Aim("`leukokit list`, 50 foreign distributions installed", 0.3, starts["leukokit list"], "s")


def segmentation(facts: Facts) -> list[str]:
    """Fidelity first, then time."""
    installed = facts["obvious_as_installed"]
    return [
        "## Segmentation: agreement, then speed",
        "",
        f"`kmeans_watershed` on {facts['images']} images, beside scikit-learn's k-means and scikit-image's "
        "morphology and watershed. This reference implementation is called *the obvious way* here. The stop "
        "rule of k-means matters: if it runs until nothing changes, the obvious way gives nearly the same "
        "result with another seed; with scikit-learn's default stop rule, less so.",
        "",
        *table(
            ["k-means", "compared", "IoU nucleus", "IoU cytoplasm", "same number of nuclei"],
            [
                f"| {stops} | {what} | {nucleus:.3f} | {cytoplasm:.3f} | {count:.2f} |"
                for stops, runs in (("until nothing changes", facts), ("stops at 1e-4", facts["by_default"]))
                for what, (nucleus, cytoplasm, count) in (
                    ("obvious way, two seeds", runs["itself"]),
                    ("ours and the obvious way", runs["ours"]),
                )
            ],
        ),
        "",
        f"{facts['ms']:.1f} ms an image here, {facts['obvious_ms']:.0f} ms the obvious way on one thread. As "
        f"its libraries are installed it takes {installed['processor_ms']:.0f} ms of processor time and "
        f"{installed['ms']:.0f} ms on the clock.",
        "",
    ]


def path(facts: Facts) -> list[str]:
    """Where the time of the classical path goes."""
    steps = {step.split(".")[-1]: ms for step, ms in facts["steps"].items()}
    whole = steps["together"]
    parts = facts["segmentation"]
    lloyd = parts["k-means: Lloyd iterations"] + parts["k-means: starts"]
    rows = [f"| {name} | {ms:.2f} | {100 * ms / whole:.0f} % |" for name, ms in steps.items()]
    inner = [f"| {name} | {ms:.2f} | {100 * ms / sum(parts.values()):.0f} % |" for name, ms in parts.items()]
    return [
        "## Where the time goes",
        "",
        "`svm_segmented.yaml` in one process on one thread, milliseconds an image.",
        "",
        *table(["step", "ms", "share"], rows),
        "",
        "The segmentation alone, timed part by part:",
        "",
        *table(["part", "ms", "share"], inner),
        "",
        f"What limits speed: k-means takes {100 * lloyd / sum(parts.values()):.0f} % of the segmentation. "
        "It works on a few thousand cells of a color histogram that fit into the first-level cache, so "
        "arithmetic and branches limit it, not memory; fewer starts would be faster and agree less with the "
        "obvious way. "
        "Everything else is one or two passes over planes of 50 kB, which fit into the second-level cache. "
        "After color adjustment images have about twice as many colors: the segmentation takes longer here "
        "than in the table of aims, whose images are unchanged. Images are decoded by libjpeg-turbo. No step "
        "waits for the disk: files of a data set are in the system's cache after their digests were taken.",
        "",
    ]


def features(families: Mapping[str, Facts]) -> list[str]:
    """Each family beside the obvious way."""
    rows = [
        f"| {name} | {row['columns']:.0f} | {row['ms']:.2f} | {row['obvious_ms']:.1f} "
        f"| {row['obvious_ms'] / row['ms']:.1f} |"
        for name, row in families.items()
    ]
    return [
        "## Features",
        "",
        "Milliseconds an image, one thread, beside plain scikit-image, scipy and numpy.",
        "",
        *table(["family", "columns", "ms", "obvious ms", "times"], rows),
        "",
    ]


def peers(facts: Facts) -> list[str]:
    """Peers and the plain script."""
    rows = []
    for row in facts["peers"]:
        ours = f"{row['ms']:.2f} | {row['times']:.1f}" if row["ms"] is not None else "- | -"
        rows.append(f"| {row['peer']} | {row['what']} | {row['peer_ms']:.2f} | {ours} | {row['agreement']} |")
    failed = [f"- {failure['peer']}: not measured, {failure['error']}" for failure in facts["errors"]]
    engine = facts["overhead"]
    return [
        "## Peers",
        "",
        "Processor milliseconds an image on one thread; below 1 in `times`, the peer is faster. Peers run in "
        "environments of their own, pinned in `benchmarks/peers/requirements`.",
        "",
        *table(["peer", "what", "peer ms", "ms", "times", "values"], rows),
        "",
        *([*failed, ""] if failed else []),
        f"A plain script of the same recipe, {engine['images']} images, {engine['processes']} processes: "
        f"{engine['predictions']}.",
        "",
        *table(
            ["", "script", "engine", "more"],
            [
                f"| image work of one process, ms an image | {engine['script_image_ms']:.1f} "
                f"| {engine['engine_image_ms']:.1f} | {100 * engine['overhead_image_processor']:.1f} % |",
                f"| images, s | {engine['script_images_s']:.1f} | {engine['engine_images_s']:.1f} "
                f"| {100 * engine['overhead_images']:.1f} % |",
                f"| model, s | {engine['script_model_s']:.1f} | {engine['engine_model_s']:.1f} | |",
                f"| whole command, s | {engine['script_whole_s']:.1f} | {engine['engine_whole_s']:.1f} "
                f"| {100 * engine['overhead_whole_command']:.1f} % |",
            ],
        ),
        "",
        f"Of the engine's model stage, {engine['leak_checks_s']:.1f} s are its check that selectors do not "
        "remember earlier fits; it also saves the model, and computes intervals of every score. The whole "
        "command also draws figures and writes tables, model card and report.",
        "",
    ]


def flow(facts: Facts) -> list[str]:
    """Memory and time of ten times the images."""
    return [
        "## Memory and time with more images",
        "",
        "`svm_segmented.yaml` up to its features, without audit; memory of all processes, with shared "
        "pages counted once.",
        "",
        *table(
            ["images", "seconds", "MiB at the peak", "cores at work"],
            [
                f"| {facts['images']:,} | {facts['seconds']:.0f} | {facts['peak_mib']:.0f} "
                f"| {100 * facts['busy']:.0f} % |",
                f"| {facts['images_many']:,} | {facts['seconds_many']:.0f} | {facts['peak_mib_many']:.0f} "
                f"| {100 * facts['busy_many']:.0f} % |",
            ],
        ),
        "",
        f"{facts['images_per_second']:.0f} images a second on {facts['workers']} cores.",
        "",
    ]


def cluster(facts: Facts) -> list[str]:
    """Dask on loopback, and ten million images."""
    over, scaled, far = facts["overhead"], facts["scaling"], facts["projection"]
    return [
        "## Beyond one machine",
        "",
        "A scheduler and workers of one thread each, real processes on loopback; see "
        "[Many images](cluster.md).",
        "",
        *table(
            ["", "1 worker", "2 workers"],
            [
                f"| {scaled['images']:,.0f} images, dask, s | {scaled['dask_1_s']:.1f} "
                f"| {scaled['dask_2_s']:.1f} |",
                f"| the same, processes of one machine, s | {scaled['processes_1_s']:.1f} "
                f"| {scaled['processes_2_s']:.1f} |",
                f"| digests taken by the workers, s | {scaled['digests_1_s']:.2f} "
                f"| {scaled['digests_2_s']:.2f} |",
                f"| images that are finished already, ms an image | {over['dask_1_ms']:.3f} "
                f"| {over['dask_2_ms']:.3f} |",
            ],
        ),
        "",
        f"Two workers are {scaled['two_over_one']:.2f} times as fast as one. The overhead of the cluster "
        f"is {over['overhead_ms']:.3f} ms an image; of this, the machine that runs the recipe needs "
        f"{over['driver_cpu_2_ms']:.3f} ms and the scheduler {over['scheduler_cpu_2_ms']:.3f} ms.",
        "",
        f"Ten million images ({far['images']:,.0f}), estimated under the assumptions in "
        "[Many images](cluster.md#how-far-it-scales):",
        "",
        *table(
            ["what", "figure"],
            [
                f"| one core | {far['one_core_hours']:.0f} h |",
                *(f"| {cores} cores | {far[f'hours_on_{cores}_cores']:.1f} h |" for cores in (16, 64, 256)),
                "| cores that keep the driver or the scheduler busy "
                f"| {far['cores_that_keep_driver_or_scheduler_busy']:.0f} |",
                f"| memory of the machine that runs the recipe | {far['driver_memory_gib']:.0f} GiB |",
                f"| images that 64 GiB hold | {far['images_in_64_gib'] / 1e6:.1f} million |",
                f"| sent to workers, returned by them | {far['sent_gb']:.1f} GB, "
                f"{far['returned_gb']:.1f} GB |",
            ],
        ),
        "",
    ]


def distributed(facts: Facts) -> list[str]:
    """One process beside two."""
    one, two, control = (facts[name] for name in ("one_process", "two_processes", "control"))
    worst, by_chance = facts["largest_relative_difference"], facts["of_the_control"]
    rows = [
        f"| {epoch + 1} | {one['loss'][epoch]:.6f} | {two['loss'][epoch]:.6f} | {control['loss'][epoch]:.6f} "
        f"| {one['validation_loss'][epoch]:.6f} | {two['validation_loss'][epoch]:.6f} "
        f"| {control['validation_loss'][epoch]:.6f} |"
        for epoch in range(len(one["loss"]))
    ]
    return [
        "## Networks over two processes",
        "",
        "The same network, images, batches and seed in one process and in two on loopback, one core each. "
        "The control is one process whose initial weights were changed by one part in ten million.",
        "",
        *table(["epoch", "loss, 1", "2", "control", "validation, 1", "2", "control"], rows),
        "",
        f"Largest relative difference of the loss {worst['loss']:.1e}, of the control "
        f"{by_chance['loss']:.1e}; of the validation loss {worst['validation_loss']:.1e} "
        f"and {by_chance['validation_loss']:.1e}. "
        f"{one['seconds_per_epoch']:.1f} s an epoch with one process, {two['seconds_per_epoch']:.1f} s with "
        f"two. Not all of the difference is the second core: with two processes leukokit makes the training "
        "steps itself, with one Keras does.",
        "",
    ]


def commands(runs: Facts, starts: Facts) -> list[str]:
    """Whole commands, and start-up beside peers."""
    seconds = {name: value for name, value in starts.items() if isinstance(value, float)}
    return [
        "## Whole commands",
        "",
        "Seconds by the clock, start-up, figures and report included.",
        "",
        *table(
            ["command", "seconds"],
            [f"| {name} | {value:.1f} |" for name, value in runs.items() if name != "date"],
        ),
        "",
        "Start-up, median of nine; `leukokit` with 50 distributions beside it that offer it nothing:",
        "",
        *table(["command", "seconds"], [f"| `{name}` | {value:.2f} |" for name, value in seconds.items()]),
        "",
    ]


def table(columns: Sequence[str], rows: Sequence[str]) -> list[str]:
    """Lay out a Markdown table."""
    return [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}", *rows]
