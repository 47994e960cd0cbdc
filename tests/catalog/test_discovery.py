"""Discovery with fake distributions: a plugin that fails takes nothing else with it."""

from __future__ import annotations

import json

GOOD = """
from leukokit.api import ComponentSpec, hookimpl

LEUKOKIT_API = 1

@hookimpl
def leukokit_segmenters():
    return [ComponentSpec("otsu", "{module}_part:Otsu", "One threshold.")]
"""


def test_a_plugin_is_found_under_its_entry_point_s_name_and_not_imported(site):
    """``otsu/otsu``; the module behind the target does not even exist yet."""
    site.install("leukokit-otsu", "otsu", GOOD)
    found = site.discover()
    assert "otsu/otsu" in found["names"]
    assert "median" in found["names"]
    assert found["broken"] == {}
    assert not {"numpy", "pydantic", "cv2", "sklearn", "pandas"} & set(found["modules"])


def test_distributions_that_offer_nothing_cost_no_module(site):
    """Fifty of them beside forty components: nothing of theirs is imported, and nothing more of ours."""
    before = site.discover()
    for number in range(50):
        (site.folder / f"foreign_{number}.py").write_text("raise RuntimeError('this is not to be imported')")
        info = site.folder / f"foreign_{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: foreign-{number}\nVersion: 1.0\n")
        groups = ("pytest11", "kedro.project_commands", "console_scripts")
        points = "".join(f"[{group}]\nleukokit{number} = foreign_{number}:main\n" for group in groups)
        (info / "entry_points.txt").write_text(points)
    after = site.discover()
    assert after == before
    assert len(after["names"]) >= 40
    assert not [module for module in after["modules"] if module.startswith("foreign_")]


BROKEN = {
    "raises": ("raise RuntimeError('no GPU\\nhere')", "RuntimeError: no GPU here"),
    "missing": (
        "import package_that_is_absent",
        "ModuleNotFoundError: No module named 'package_that_is_absent'",
    ),
    "syntax": ("def broken(:", "SyntaxError"),
    "exits": ("import sys; sys.exit(7)", "it called sys.exit(7) while it was being imported"),
    "future": (
        "LEUKOKIT_API = 99",
        "it is written for plugin API 99; this leukokit offers 1: install another version of leukokit-future",
    ),
    "misspelt": (
        "from leukokit.api import hookimpl\n@hookimpl\ndef leukokit_segmentors():\n    return []",
        "there is no hook named 'leukokit_segmentors' (did you mean 'leukokit_segmenters'?)",
    ),
    "unmarked": ("def leukokit_segmenters():\n    return []", "put @hookimpl above leukokit_segmenters"),
    "empty": ("", "it implements no hook"),
    "argument": (
        "from leukokit.api import hookimpl\n@hookimpl\ndef leukokit_segmenters(config):\n    return []",
        "config",
    ),
    "hook_raises": (
        "from leukokit.api import hookimpl\n@hookimpl\ndef leukokit_segmenters():\n    raise KeyError('x')",
        "KeyError: 'x'",
    ),
    "nothing": (
        "from leukokit.api import hookimpl\n@hookimpl\ndef leukokit_segmenters():\n    return 5",
        "leukokit_segmenters returned int; expected a list of ComponentSpec",
    ),
    "text": (
        "from leukokit.api import hookimpl\n@hookimpl\ndef leukokit_segmenters():\n    return 'otsu'",
        "leukokit_segmenters returned str",
    ),
    "junk": (
        "from leukokit.api import hookimpl\n@hookimpl\ndef leukokit_segmenters():\n    return [print]",
        "a list with builtin_function_or_method in it",
    ),
    "name": (
        GOOD.replace('"otsu"', '"Otsu [bold]"'),
        "a component named 'Otsu [bold]'; names are lower-case letters",
    ),
    "target": (GOOD.replace(":Otsu", ""), "expected 'package.module:Class'"),
    "summary": (GOOD.replace('"One threshold."', "''"), "no one-line summary"),
    "twice": (GOOD.replace("return [", "return 2 * ["), "leukokit_segmenters offers 'otsu' twice"),
}


def test_each_broken_plugin_is_listed_with_its_reason_and_the_others_work(site):
    """All kinds of breakage side by side, and one good plugin among them."""
    for name, (code, _) in BROKEN.items():
        site.install(f"leukokit-{name.replace('_', '-')}", name, code)
    site.install("leukokit-otsu", "otsu", GOOD)
    found = site.discover()
    assert set(found["broken"]) == set(BROKEN)
    for name, (_, reason) in BROKEN.items():
        assert reason in found["broken"][name]
        assert found["broken"][name].startswith(f"leukokit-{name.replace('_', '-')} 1.5: ")
        assert "\n" not in found["broken"][name]
    assert "otsu/otsu" in found["names"]
    assert "median" in found["names"]


def test_two_distributions_of_one_name_are_both_named(site):
    """Neither wins by chance; ``get`` raises, and the other names work."""
    site.install("leukokit-otsu", "otsu", GOOD)
    site.install("rival-otsu", "otsu", GOOD)
    found = site.discover()
    assert found["conflicts"] == ["segmenter otsu/otsu is offered by leukokit-otsu 1.5 and by rival-otsu 1.5"]
    assert "otsu/otsu" not in found["names"]
    done = site.run("-m", "leukokit", "show", "otsu/otsu")
    assert done.returncode == 2
    assert "leukokit-otsu 1.5 and by rival-otsu 1.5. Uninstall all but one of them" in done.stderr


def test_a_plugin_that_prints_does_not_spoil_data_on_stdout(site):
    """What it says while it is imported goes to stderr."""
    site.install("leukokit-loud", "loud", "print('hello from a plugin')\n" + GOOD)
    done = site.run("-m", "leukokit", "list", "--json")
    assert "loud/otsu" in [component["name"] for component in json.loads(done.stdout)["components"]]
    assert "hello from a plugin" in done.stderr


def test_list_shows_broken_plugins_on_stderr_and_in_json(site):
    """Data stays on stdout, and the exit code stays 0: what works, works."""
    site.install("leukokit-torn", "torn", "raise RuntimeError('\\x1b[31m[bold]boo')")
    done = site.run("-m", "leukokit", "list")
    assert done.returncode == 0
    assert "plugin torn of leukokit-torn 1.5 is broken: RuntimeError: [bold]boo" in done.stderr
    assert "\x1b" not in done.stderr
    assert "torn" not in done.stdout
    data = json.loads(site.run("-m", "leukokit", "list", "--json").stdout)
    assert data["broken"][0]["distribution"] == "leukokit-torn 1.5"


def test_using_a_component_of_a_broken_plugin_says_why_it_is_broken(site):
    """The reason is at hand where the name is asked for."""
    site.install("leukokit-torn", "torn", "raise RuntimeError('boo')")
    done = site.run("-m", "leukokit", "show", "torn/otsu")
    assert done.returncode == 2
    assert "plugin torn of leukokit-torn 1.5 is broken: RuntimeError: boo" in done.stderr
