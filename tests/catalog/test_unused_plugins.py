"""A plugin that is installed and not used changes nothing; one that is used is imported then, not before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

HOSTILE = """
import locale, os
import cv2, numpy, sklearn
cv2.setUseOptimized(False)
cv2.setNumThreads(1)
numpy.seterr(all="raise")
numpy.random.seed(1)
sklearn.set_config(assume_finite=True, enable_metadata_routing=True)
locale.setlocale(locale.LC_ALL, "C")
os.chdir("/")
os.environ["LEUKOKIT_DATA"] = "/nowhere"
"""

RECIPE = """\
leukokit: 1
name: hostile
audit: {enabled: false}  # it has tests of its own, and takes seconds
data: {use: smears, params: {per_class: 6}}
preprocess: [reinhard, median]
segment: multi_otsu
features: [morphology, color_statistics]
classify: svm
"""

# Runs a command in this process; then tells what is imported and how the libraries are set.
PROGRAM = """
import json, os, sys
from leukokit.cli import main
here = os.getcwd()
try:
    main({arguments!r}, prog_name="leukokit")
except SystemExit as done:
    code = done.code
facts = {{"code": code, "here": os.getcwd() == here, "data": os.environ.get("LEUKOKIT_DATA")}}
facts["modules"] = sorted(name for name in sys.modules if name.startswith("leukokit_"))
if "numpy" in sys.modules:
    facts["numpy"] = repr(sys.modules["numpy"].geterr())
if "cv2" in sys.modules:
    facts["cv2"] = sys.modules["cv2"].useOptimized()
if "sklearn" in sys.modules:
    facts["sklearn"] = sys.modules["sklearn"].get_config()["assume_finite"]
print(json.dumps(facts), file=sys.stderr)
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Write a recipe of built-in components only."""
    path = tmp_path / "hostile.yaml"
    path.write_text(RECIPE)
    return path


def facts_after(site, *arguments: object) -> dict[str, object]:
    """Run a command; return what it left of its process."""
    done = site.run("-c", PROGRAM.format(arguments=[str(argument) for argument in arguments]))
    assert done.returncode == 0, done.stderr
    facts: dict[str, object] = json.loads(done.stderr.splitlines()[-1])
    return facts


def test_no_command_is_changed_by_a_hostile_plugin_that_is_not_used(site, recipe, tmp_path):
    """Its module is not imported, libraries are set as without it, and predictions are equal to the byte."""
    results: dict[str, object] = {}
    for name in ("without", "with"):
        if name == "with":
            site.install("leukokit-hostile", "hostile", HOSTILE + site.good)
        out = tmp_path / name
        commands = (
            ["list"],
            ["show", "median"],
            ["check", recipe],
            ["run", recipe, "--run-dir", out, "--no-cache", "--quiet", "--workers", "2", "--no-report"],
        )
        facts = [facts_after(site, *command) for command in commands]
        assert [fact["code"] or 0 for fact in facts] == [0, 0, 0, 0]
        assert [fact["modules"] for fact in facts] == [[], [], [], []]
        assert [fact["here"] for fact in facts] == [True] * 4
        results[name] = (
            facts,
            (out / "predictions.csv").read_bytes(),
            json.loads((out / "metrics.json").read_bytes())["test"],
        )
    assert results["with"] == results["without"]


def test_the_hostile_plugin_does_what_it_says(site, recipe):
    """Imported into the process of a run, it breaks built-in components: the test above can fail."""
    (site.folder / "leukokit_hostile.py").write_text(HOSTILE)
    done = site.run(
        "-c", f"import leukokit_hostile, leukokit; leukokit.run({str(recipe)!r}, cache=None, report=False)"
    )
    assert done.returncode != 0


USED = """
from leukokit.api import ComponentSpec, hookimpl

@hookimpl
def leukokit_preprocessors():
    return [ComponentSpec("same", "leukokit_used_part:Same", "Changes nothing.")]
"""

PART = """
from leukokit.api import Preprocessor

class Same(Preprocessor):
    def apply(self, image, *, rng=None):
        return image
"""


@pytest.fixture
def used(site):
    """Install a plugin that works."""
    site.install("leukokit-used", "used", USED)
    (site.folder / "leukokit_used_part.py").write_text(PART)
    return site


def with_used(recipe: Path) -> Path:
    """Let the recipe use the plugin's component."""
    recipe.write_text(RECIPE.replace("median]", "median, used/same]"))
    return recipe


def test_a_component_that_is_used_is_imported_and_the_module_with_the_hooks_is_not(used, recipe):
    """The class is all that a run needs."""
    assert facts_after(used, "check", with_used(recipe))["modules"] == ["leukokit_used_part"]


@pytest.mark.parametrize(
    ("arguments", "variable"),
    [
        pytest.param(["--no-plugins"], "", marks=pytest.mark.slow),
        pytest.param([], "none", marks=pytest.mark.slow),
        pytest.param([], "None ", marks=pytest.mark.slow),
        pytest.param([], "leukokit-otsu", marks=pytest.mark.slow),
        ([], "Leukokit_Otsu,"),
    ],
)
def test_a_recipe_that_needs_a_plugin_which_is_switched_off_says_what_to_do(
    used, recipe, arguments, variable
):
    """By option or by variable; with the place in the recipe."""
    used.install("leukokit-otsu", "otsu", used.good)
    used.environment["LEUKOKIT_PLUGINS"] = variable
    for command in ("check", "run"):
        done = used.run("-m", "leukokit", *arguments, command, str(with_used(recipe)))
        assert done.returncode == 2
        assert f"{recipe}:5:32: preprocess.2.use: " in done.stderr
        assert (
            "there is no preprocessor named 'used/same': plugin 'used' of leukokit-used is switched off. "
            "Leave out --no-plugins, or add leukokit-used to LEUKOKIT_PLUGINS" in done.stderr
        )
    done = used.run("-m", "leukokit", *arguments, "show", "used/same")
    assert done.returncode == 2
    assert "plugin used of leukokit-used is switched off. Leave out --no-plugins" in done.stderr


def test_plugins_can_be_chosen_by_their_distribution(used):
    """The others are named on stderr and not asked."""
    used.install("leukokit-dead", "dead", "import os\nos._exit(1)")
    used.install("leukokit-otsu", "otsu", used.good)
    used.environment["LEUKOKIT_PLUGINS"] = "leukokit.otsu, leukokit_used"
    done = used.run("-m", "leukokit", "list", "--json")
    data = json.loads(done.stdout)
    names = {entry["name"] for entry in data["components"] if entry["distribution"] != "leukokit"}
    assert names == {"otsu/otsu", "used/same"}
    assert data["broken"] == []
    assert "leukokit-dead" in done.stderr
    assert used.run("-m", "leukokit", "--no-plugins", "show", "median").returncode == 0


def test_a_choice_of_a_plugin_that_is_not_installed_is_a_mistake(used):
    """With the nearest name and those there are."""
    used.environment["LEUKOKIT_PLUGINS"] = "leukokit-usd"
    done = used.run("-m", "leukokit", "list")
    assert done.returncode == 2
    assert (
        "LEUKOKIT_PLUGINS: there is no installed distribution 'leukokit-usd' with plugins "
        "(did you mean 'leukokit-used'?). Distributions with plugins: " in done.stderr
    )


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["processes", pytest.param("dask", marks=pytest.mark.slow)])
def test_workers_have_the_components_of_the_run(used, recipe, tmp_path, executor):
    """A component of a chosen plugin works in every executor, and what is switched off is loaded by none."""
    used.install("leukokit-dead", "dead", "import os\nos._exit(1)")
    used.environment["LEUKOKIT_PLUGINS"] = "leukokit-used"
    out = tmp_path / "out"
    options = ["--run-dir", str(out), "--no-cache", "--no-report", "--executor", executor, "--workers", "2"]
    done = used.run("-m", "leukokit", "run", str(with_used(recipe)), *options)
    assert done.returncode == 0, done.stderr
    assert "used/same" in json.loads((out / "resolved.json").read_text())["preprocess"][2]["use"]


COUNTED = "open({file!r}, 'a').write('x')\n"


@pytest.fixture
def counted(site, tmp_path: Path):
    """Install a plugin that leaves a letter whenever it is loaded; give a function that counts them."""
    file = tmp_path / "loaded"
    site.install("leukokit-otsu", "otsu", COUNTED.format(file=str(file)) + site.good.format(module="otsu"))
    return lambda: len(file.read_text())


def listed(site) -> str:
    """Run ``leukokit list``; return stderr."""
    done = site.run("-m", "leukokit", "list")
    assert done.returncode == 0
    assert "otsu/otsu" in done.stdout
    return str(done.stderr)


def test_a_plugin_is_loaded_once_until_something_changes(site, counted):
    """Another command finds the answers; a changed source, another package or another table asks again."""
    for _ in range(3):
        assert listed(site) == ""
    assert counted() == 1
    (site.folder / "leukokit_otsu.py").open("a").write("# changed\n")
    assert listed(site) == ""
    assert counted() == 2
    (site.folder / "other-1.0.dist-info").mkdir()
    listed(site)
    assert counted() == 3
    site.environment["LEUKOKIT_PLUGIN_SECONDS"] = "60"
    listed(site)
    assert counted() == 4


def test_the_list_of_files_vouches_for_what_is_installed_as_usual(site, counted):
    """With a digest in RECORD, sources are not read; a new RECORD asks again."""
    record = site.folder / "leukokit_otsu-1.5.dist-info" / "RECORD"
    record.write_text("leukokit_otsu.py,sha256=abc,10\n")
    listed(site)
    (site.folder / "leukokit_otsu.py").open("a").write("# changed\n")
    listed(site)
    assert counted() == 1
    record.write_text("leukokit_otsu.py,sha256=def,10\n")
    listed(site)
    assert counted() == 2


def test_all_sources_of_a_package_count_where_it_is_installed_in_place(site, tmp_path):
    """A hook may read from any of them; the package itself is not imported to find them."""
    package = site.folder / "leukokit_pack"
    package.mkdir()
    file = tmp_path / "loaded"
    (package / "__init__.py").write_text(COUNTED.format(file=str(file)))
    (package / "names.py").write_text("NAME = 'first'")
    (package / "plugin.py").write_text(
        "from leukokit.api import ComponentSpec, hookimpl\nfrom leukokit_pack.names import NAME\n"
        "@hookimpl\ndef leukokit_segmenters():\n    return [ComponentSpec(NAME, 'nowhere:X', 'X.')]\n"
    )
    site.install("leukokit-pack", "pack", "", module="unused")
    entry_points = site.folder / "leukokit_pack-1.5.dist-info" / "entry_points.txt"
    entry_points.write_text("[leukokit]\npack = leukokit_pack.plugin\n")
    assert "pack/first" in site.discover()["names"]
    assert "pack/first" in site.discover()["names"]
    (package / "names.py").write_text("NAME = 'second'")
    assert "pack/second" in site.discover()["names"]
    assert len(file.read_text()) == 2


@pytest.mark.parametrize("damage", ["flip", "empty", "shorten", "text"])
def test_a_damaged_answer_is_told_once_and_asked_again(site, counted, damage):
    """Another command finds a whole one."""
    listed(site)
    (path,) = Path(site.environment["LEUKOKIT_CACHE"], "plugins").glob("leukokit-otsu-*.json")
    whole = path.read_bytes()
    damaged = {
        "flip": whole.replace(b"One threshold", b"One threshald"),
        "empty": b"",
        "shorten": whole[:-20],
        "text": b"\xff\xfe",
    }
    path.write_bytes(damaged[damage])
    assert "what was known of the plugins of leukokit-otsu cannot be read" in listed(site)
    assert listed(site) == ""
    assert counted() == 2
    assert path.read_bytes().partition(b'"offers"')[2] == whole.partition(b'"offers"')[2]


def test_a_cache_that_cannot_be_written_to_costs_time_only(site, counted, tmp_path):
    """Told once a command, however many plugins there are."""
    site.install("leukokit-more", "more", site.good)
    (tmp_path / "file").write_text("")
    site.environment["LEUKOKIT_CACHE"] = str(tmp_path / "file")
    for number in (1, 2):
        said = listed(site)
        assert said.count("cannot be written to") == said.count(f"the cache folder {tmp_path / 'file'} ") == 1
        assert "set LEUKOKIT_CACHE to a folder that can be written to" in said
        assert counted() == number


def test_a_run_without_cache_keeps_nothing(used, recipe, tmp_path):
    """``--no-cache`` holds for what plugins offer, too; ``--cache-dir`` names the folder."""
    shutil.rmtree(used.environment["LEUKOKIT_CACHE"], ignore_errors=True)
    bad = ["--set", "classify.C=-1"]
    assert used.run("-m", "leukokit", "run", str(recipe), "--no-cache", *bad).returncode == 2
    assert not Path(used.environment["LEUKOKIT_CACHE"]).exists()
    other = tmp_path / "other"
    assert used.run("-m", "leukokit", "run", str(recipe), "--cache-dir", str(other), *bad).returncode == 2
    assert list(other.glob("plugins/leukokit-used-*.json"))
    assert not Path(used.environment["LEUKOKIT_CACHE"]).exists()
