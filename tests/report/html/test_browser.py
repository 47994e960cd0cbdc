"""The page in headless Chromium: usable by keyboard and screen reader, offline, the console silent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leukokit.engine.finished_run import FinishedRun
from leukokit.record.files import AUDIT
from leukokit.report.audit_page import write_audit_page
from leukokit.report.html import render_run

pytestmark = pytest.mark.browser

MakeRun = Callable[..., Path]
Look = Callable[..., Any]
PHONE = (390, 844)
HOSTILE = "<img src=x onerror=alert(1)>\"'&\u202e" + "long" * 30


@pytest.fixture(scope="session")
def pages(
    full_run: Path, write_sample: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Pages of a full run, of a bare one, of one with hostile names, and of an audit alone."""
    root = tmp_path_factory.mktemp("pages")
    bare = write_sample(
        root / "bare", statistics=False, audit=False, pictures=False, explained=False, rejected=0
    )
    classes = (HOSTILE, "b", "\u0627\u0644\u0639", "d")
    hostile = write_sample(
        root / "hostile",
        name=HOSTILE,
        classes=classes,
        ids=lambda label, i: f"{label}/\udcff{i}.jpg",
        held_out=40,
    )
    found = {}
    for name, run in (("full", full_run), ("bare", bare), ("hostile", hostile)):
        found[name] = root / f"{name}.html"
        found[name].write_text(render_run(FinishedRun.read(run)), "utf-8")
    found["audit"] = root / "audit.html"
    audit = AUDIT.read(full_run)
    picture = next((full_run / "pictures").glob("*.webp")).read_bytes()
    ids = [name for pair in audit.findings[2].pairs for name in (pair.a, pair.b)]
    write_audit_page(found["audit"], audit, dict.fromkeys(ids, picture), title="all_pbs")
    return found


@pytest.fixture
def look(chromium: Any, pages: dict[str, Path]) -> Iterator[Look]:
    """Open a page: ``look("full", scheme="dark", size=PHONE)``; afterwards the console must be empty."""
    from selenium.webdriver.support.ui import WebDriverWait

    def open_page(
        name: str,
        *,
        scheme: str = "light",
        media: str = "",
        motion: str = "no-preference",
        size: tuple[int, int] = (1280, 900),
    ) -> Any:
        width, height = size
        chromium.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        chromium.get(pages[name].as_uri())
        # With scripts off the driver returns before the page is loaded.
        WebDriverWait(chromium, 60).until(
            lambda browser: browser.execute_script(
                "return document.readyState === 'complete' && location.href === arguments[0]",
                pages[name].as_uri(),
            )
        )
        return chromium

    chromium.get("about:blank")
    chromium.get_log("browser")
    yield open_page
    said = chromium.get_log("browser")
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert said == []


def press(browser: Any, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(*keys).perform()


def focused(browser: Any, script: str) -> Any:
    """Evaluate ``script`` with ``it`` as the element that has the focus."""
    return browser.execute_script(f"const it = document.activeElement; return {script};")


def focus(browser: Any, selector: str) -> None:
    browser.execute_script("document.querySelector(arguments[0]).focus()", selector)


@pytest.mark.parametrize(
    ("scheme", "size"), [("light", (1280, 900)), ("dark", PHONE)], ids=["light-desk", "dark-phone"]
)
@pytest.mark.parametrize("page", ["full", "bare", "hostile", "audit"])
def test_axe_finds_nothing_serious(
    look: Look, axe_script: str, page: str, scheme: str, size: tuple[int, int]
) -> None:
    """Folded parts are opened first, so that they are judged too."""
    browser = look(page, scheme=scheme, size=size)
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    browser.execute_script(axe_script)
    found = browser.execute_async_script(
        "axe.run(document, {resultTypes: ['violations']}).then(arguments[0])"
    )
    assert found["testEngine"]["version"] >= "4.1"
    serious = [
        (one["id"], one["help"], [node["html"][:160] for node in one["nodes"][:3]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_axe_would_find_a_fault(look: Look, axe_script: str) -> None:
    """The check can fail: pale text and a picture without words are serious."""
    browser = look("bare")
    browser.execute_script(
        "const p = document.createElement('p'); p.textContent = 'pale'; p.style.color = '#ddd';"
        "document.querySelector('main').append(p, document.createElement('img'))"
    )
    browser.execute_script(axe_script)
    found = browser.execute_async_script("axe.run(document).then(arguments[0])")
    assert {"color-contrast", "image-alt"} <= {one["id"] for one in found["violations"]}


def test_the_scheme_is_followed(look: Look) -> None:
    """Dark is dark and light is light, figures included."""
    script = (
        "return [getComputedStyle(document.body).backgroundColor,"
        " getComputedStyle(document.querySelector('.plot .fill-ink')).fill]"
    )
    light = look("full", scheme="light").execute_script(script)
    dark = look("full", scheme="dark").execute_script(script)
    assert light == ["rgb(255, 255, 255)", "rgb(23, 33, 43)"]
    assert dark == ["rgb(17, 22, 27)", "rgb(231, 236, 241)"]


@pytest.mark.parametrize("page", ["full", "hostile", "audit"])
def test_a_phone_need_not_scroll_sideways(look: Look, page: str) -> None:
    """Wide tables scroll inside their box."""
    browser = look(page, size=PHONE)
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]


def test_a_table_wider_than_a_phone_shows_that_it_goes_on(look: Look) -> None:
    """It fades on the right, then on the left when it is scrolled to its end; on a wide screen not at all."""
    widest = (
        "return [...document.querySelectorAll('.scroll')].sort((a, b) => b.scrollWidth - a.scrollWidth)[0]"
    )
    fades = "return [arguments[0].classList.contains('on-left'), arguments[0].classList.contains('on-right')]"
    phone = look("full", size=PHONE)
    box = phone.execute_script(widest)
    assert phone.execute_script(fades, box) == [False, True]
    assert "gradient" in phone.execute_script("return getComputedStyle(arguments[0]).maskImage", box)
    phone.execute_async_script(
        "const [box, done] = arguments; box.addEventListener('scroll', () => done());"
        "box.scrollLeft = box.scrollWidth;",
        box,
    )
    assert phone.execute_script(fades, box) == [True, False]
    desktop = look("full", size=(1280, 900))
    assert desktop.execute_script("return document.querySelectorAll('.confusion .on-right').length") == 0


def test_nothing_is_asked_of_the_network(chromium: Any, look: Look) -> None:
    """The browser requests the file and what the file holds."""
    chromium.get_log("performance")
    browser = look("full")
    browser.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    events = [json.loads(each["message"])["message"] for each in chromium.get_log("performance")]
    asked = [
        each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if url.startswith("file:")] == [browser.current_url]
    assert not [url[:80] for url in asked if not url.startswith(("file:", "data:"))]


def test_no_script_of_a_name_runs(look: Look) -> None:
    """No alert is open, and no element was made of a class's name."""
    browser = look("hostile")
    assert browser.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
    assert browser.execute_script("return document.querySelector('h1').textContent").startswith("<img src=x")


def test_tables_sort_by_keyboard(look: Look) -> None:
    """Numbers begin with the largest and turn around; text goes by the alphabet; the state is said."""
    from selenium.webdriver.common.keys import Keys

    browser = look("full")
    table = (
        "[...document.querySelectorAll('table')]"
        ".find(t => t.caption.textContent.includes('Scores of each class'))"
    )

    def column(number: int) -> list[str]:
        script = f"return [...{table}.tBodies[0].rows].map(row => row.cells[{number}].firstChild.textContent)"
        return list(browser.execute_script(script))

    browser.execute_script(f"{table}.querySelectorAll('th .sort')[2].focus()")
    press(browser, Keys.ENTER)
    assert focused(browser, "it.parentNode.getAttribute('aria-sort')") == "descending"
    recalls = [float(text.rstrip("%")) for text in column(2)]
    assert recalls == sorted(recalls, reverse=True)
    assert len(set(recalls)) > 1
    press(browser, Keys.SPACE)
    assert focused(browser, "it.parentNode.getAttribute('aria-sort')") == "ascending"
    assert [float(text.rstrip("%")) for text in column(2)] == sorted(recalls)
    browser.execute_script(f"{table}.querySelectorAll('th .sort')[0].focus()")
    press(browser, Keys.ENTER)
    assert column(0) == sorted(column(0))
    assert browser.execute_script(f"return {table}.querySelectorAll('[aria-sort]').length") == 1


def test_sums_stay_below_when_sorting(look: Look) -> None:
    """The last row of the counts is no class."""
    from selenium.webdriver.common.keys import Keys

    browser = look("full")
    table = "[...document.querySelectorAll('table')].find(t => t.tFoot)"
    browser.execute_script(f"{table}.querySelectorAll('th .sort')[1].focus()")
    press(browser, Keys.ENTER)
    assert browser.execute_script(f"return [...{table}.rows].at(-1).cells[0].textContent") == "all"


def test_errors_filter_by_class(look: Look) -> None:
    """By keyboard in the lists; the count is said, and 'all' brings everything back."""
    from selenium.webdriver.common.keys import Keys

    browser = look("full")

    def shown() -> list[tuple[str, str]]:
        script = (
            "return [...document.querySelectorAll('#errors li')].filter(i => i.checkVisibility())"
            ".map(i => [i.dataset.true, i.dataset.predicted])"
        )
        return [tuple(each) for each in browser.execute_script(script)]

    everything = shown()
    assert len(everything) > 3
    focus(browser, "select[name=true]")
    press(browser, Keys.ARROW_DOWN)
    first = focused(browser, "it.value")
    assert shown() == [each for each in everything if each[0] == first]
    assert browser.execute_script("return document.querySelector('.filter output').textContent").startswith(
        str(len(shown()))
    )
    press(browser, Keys.ARROW_UP)
    assert shown() == everything


def test_many_errors_are_shown_on_demand(
    look: Look, chromium: Any, make_run: MakeRun, tmp_path: Path
) -> None:
    """24 at first; the button shows all and moves the focus to the first new one."""
    from selenium.webdriver.common.keys import Keys

    page = tmp_path / "many.html"
    page.write_text(render_run(FinishedRun.read(make_run(held_out=200, wrong=0.5, explained=False))), "utf-8")
    browser = look("bare")
    browser.get(page.as_uri())
    count = "return [...document.querySelectorAll('#errors li')].filter(i => i.checkVisibility()).length"
    total = browser.execute_script("return document.querySelectorAll('#errors li').length")
    assert browser.execute_script(count) == 24
    focus(browser, ".more")
    press(browser, Keys.ENTER)
    assert browser.execute_script(count) == total > 60
    assert focused(browser, "[...document.querySelectorAll('#errors button')].indexOf(it)") == 24


def test_pictures_enlarge_by_keyboard(look: Look) -> None:
    """Enter opens, arrows go on, Escape closes, and the focus is back where it was."""
    from selenium.webdriver.common.keys import Keys

    browser = look("full")
    focus(browser, "#errors button")
    name = focused(browser, "it.getAttribute('aria-label')")
    press(browser, Keys.ENTER)
    assert browser.execute_script("return document.getElementById('enlarged').open")
    big = "document.querySelector('#enlarged img')"
    assert f"Enlarge {browser.execute_script(f'return {big}.alt')}" == name
    assert browser.execute_script(f"return {big}.naturalWidth") > 0
    assert browser.execute_script(f"return {big}.getBoundingClientRect().width") > 300
    press(browser, Keys.ARROW_RIGHT)
    assert f"Enlarge {browser.execute_script(f'return {big}.alt')}" != name
    press(browser, Keys.ARROW_LEFT)
    press(browser, Keys.ESCAPE)
    assert not browser.execute_script("return document.getElementById('enlarged').open")
    assert focused(browser, "it.getAttribute('aria-label')") == name


def test_the_first_stop_skips_to_the_report(look: Look) -> None:
    """Tab shows the link, Enter goes to the main part."""
    from selenium.webdriver.common.keys import Keys

    browser = look("full")
    press(browser, Keys.TAB)
    assert focused(browser, "it.className") == "skip"
    assert focused(browser, "it.getBoundingClientRect().left") >= 0
    press(browser, Keys.ENTER)
    assert focused(browser, "it.id") == "main"


def test_a_link_opens_its_finding(look: Look) -> None:
    """From the verdict to a finding that is folded."""
    browser = look("full")
    browser.execute_script("document.querySelector('.verdict a[href=\"#finding-3\"]').click()")
    assert browser.execute_script(
        "return document.getElementById('finding-3').open"
    ) or browser.execute_async_script(
        "setTimeout(() => arguments[0](document.getElementById('finding-3').open), 200)"
    )


def test_the_page_is_complete_without_scripts(look: Look, chromium: Any) -> None:
    """Every wrong image is there, and no control that does nothing."""
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser = look("full")
    # Scripts are off for the page; the driver still may ask.
    assert (
        browser.execute_script("return document.querySelectorAll('button:not([popovertarget])').length") == 1
    )  # in the closed dialog; terms open without scripts
    assert browser.execute_script("return document.querySelector('.filter').checkVisibility()") is False
    images = (
        "return [...document.querySelectorAll('#errors img')]"
        ".filter(i => i.checkVisibility() && i.naturalWidth).length"
    )
    assert browser.execute_script(images) == browser.execute_script(
        "return document.querySelectorAll('#errors li').length"
    )
    assert browser.execute_script("return document.querySelector('.finding').open") is True


def test_a_term_is_explained_by_keyboard_and_without_scripts(look: Look, chromium: Any) -> None:
    """Enter opens its meaning, Escape closes it; pointing at it shows the same text."""
    from selenium.webdriver.common.keys import Keys

    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser = look("full")
    shown = "return [...document.querySelectorAll('.tip')].filter(t => t.checkVisibility()).map(t => t.id)"
    focus(browser, "#scores th .term")
    assert focused(browser, "it.title").startswith("Share of images whose class was found.")
    assert browser.execute_script(shown) == []
    press(browser, Keys.ENTER)
    assert browser.execute_script(shown) == ["term-accuracy"]
    press(browser, Keys.ESCAPE)
    assert browser.execute_script(shown) == []


def test_paper_shows_what_is_folded_and_no_controls(look: Look) -> None:
    """In print findings are open, in light colors, without navigation."""
    browser = look("full", scheme="dark", media="print")
    assert browser.execute_script("return getComputedStyle(document.querySelector('.toc')).display") == "none"
    assert (
        browser.execute_script("return getComputedStyle(document.querySelector('.filter')).display") == "none"
    )
    assert (
        browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    folded = (
        "return [...document.querySelectorAll('.finding:not([open]) .body')]"
        ".map(one => one.getBoundingClientRect().height)"
    )
    heights = browser.execute_script(folded)
    assert heights
    assert min(heights) > 10
    beyond = (
        "return [...document.querySelectorAll('#errors li')]"
        ".every(one => one.getBoundingClientRect().height > 10)"
    )
    assert browser.execute_script(beyond)


def test_motion_is_reduced_where_asked(look: Look) -> None:
    """Links jump instead of gliding."""
    script = "return getComputedStyle(document.documentElement).scrollBehavior"
    assert look("full").execute_script(script) == "smooth"
    assert look("full", motion="reduce").execute_script(script) == "auto"
