"""Fixtures: run directories written by hand, and a browser to look at their reports."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _sample_run() -> ModuleType:
    """Import the module beside this file; tests are no package here."""
    path = Path(__file__).parent / "sample_run.py"
    spec = importlib.util.spec_from_file_location("report_sample_run", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def write_sample() -> Callable[..., Path]:
    """Give a function that writes a finished run directory: ``write_sample(path, name="x", audit=False)``."""
    module = _sample_run()
    return lambda path, **settings: module.write_run(path, module.Sample(**settings))


@pytest.fixture
def make_run(write_sample: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a finished run directory of the test's own."""
    return lambda **settings: write_sample(tmp_path / "run", **settings)


@pytest.fixture(scope="session")
def full_run(write_sample: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run directory with everything that a report can show; tests only read it."""
    return write_sample(tmp_path_factory.mktemp("full") / "run")


@pytest.fixture(scope="session")
def axe_script() -> str:
    """axe-core, out of the package that ships it."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None, "install the dev group: python -m pip install --group dev"
    assert found.submodule_search_locations is not None
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Headless Chromium under selenium; its absence fails in CI and skips elsewhere."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next((path for name in names if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    selenium = importlib.util.find_spec("selenium")
    if browser is None or driver is None or selenium is None:
        missing = "no selenium: pip install --group dev"
        if selenium is not None:
            missing = (
                "no chromium and chromedriver on PATH; with apt: apt-get install chromium chromium-driver"
            )
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"{missing}. CI must not skip the tests of the report", pytrace=False)
        pytest.skip(missing)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
        "--force-device-scale-factor=1",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    session = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    session.set_script_timeout(120)  # axe needs 5 s for a full page, and several times that on a busy machine
    yield session
    session.quit()
