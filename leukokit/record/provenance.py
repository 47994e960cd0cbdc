"""``provenance.json``, ``plan.json`` and ``status.json``: where a run comes from and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from leukokit.record.base import Count, Flag, Format, Number, OrAbsent, Record, Text, described


class RunWorkers(Record):
    """Who did the work; it never changes a result."""

    executor: Text | None = described("`auto`, `inline`, `processes` or `dask`.")
    count: Count | None = described("Processes.")


class DataManifest(Record):
    """The images of a run."""

    images: Count | None = described("Number of images.")
    sha256: Text | None = described("Digest of ids and digests of all images.")
    files: Mapping[str, Text] = Field(
        {}, description="By id: sha256 of the image's bytes, or of what it is rendered from."
    )
    groups_are: OrAbsent[Text] = described(
        "What images of one group share: `patient`, `slide` or `view`; absent where nobody said."
    )
    notes: OrAbsent[tuple[Text, ...]] = described(
        "What the data set said of its images, such as how folders were read; absent where nothing."
    )


class Provenance(Record):
    """Everything that is needed to run again and get the same bytes."""

    format: Format | None = described("Form of this file: 1.")
    leukokit: Text | None = described("Version.")
    plugin_api: Count | None = described("Version of the plugin API.")
    python: Text | None = described("Version.")
    platform: Text | None = described("Operating system.")
    machine: Text | None = described("Processor architecture.")
    packages: Mapping[str, Text] = Field({}, description="Version of each installed package.")
    recipe_commit: Text | None = described("Git commit of the recipe's folder; null outside a repository.")
    seed: Count | None = described("Seed of the recipe.")
    workers: RunWorkers | None = described("Who did the work.")
    synthetic: Flag | None = described("Whether the images are rendered.")
    data: DataManifest | None = described("The images.")
    notice: Text | None = described("Research use only.")


class StepIdentity(Record):
    """What a component is, as part of the key of its results."""

    kind: Text | None = described("Kind of component; absent for the measuring of the scale.")
    name: Text | None = described("Name of the component.")
    distribution: Text | None = described("Package that offers it.")
    version: Text | None = described("Version of that package.")
    code: Text | None = described("Digest of its source files and of those that they import of its package.")
    revision: Count | None = described("Raised when the same input gives another result.")
    params: Mapping[str, Any] = Field({}, description="Parameters, defaults included.")
    fingerprint: Text | None = described("Digest of files that it reads; empty where it reads none.")
    libraries: Mapping[str, Text] = Field({}, description="Versions of the packages that it computes with.")


class PlannedStep(Record):
    """One step of a run."""

    key: Text | None = described("Key of its results in the cache; null for steps after the images.")
    identity: StepIdentity = Field(description="What it is.")


class Plan(Record):
    """Every step of a run; the next run of the same name compares itself with it."""

    steps: Mapping[str, PlannedStep] = Field(description="By recipe path and name, as `features.0.hog`.")
    seed: Count | None = described("Seed of the recipe.")


class RunStatus(Record):
    """How a run ended; a folder without it is a run that did not end."""

    format: Format | None = described(
        "Form of the JSON files of this directory: 1; absent in runs before it was counted."
    )
    status: Text | None = described("`done` or `too many images rejected`.")
    exit_code: Count | None = described("Exit code of `leukokit run`.")
    images: Count | None = described("Images of the data set.")
    rejected: Count | None = described("Images that were left out.")
    synthetic: Flag | None = described("Whether the images are rendered.")
    seconds: Number | None = described("Time of the whole run, s.")
