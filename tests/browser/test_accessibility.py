"""Pages and their states, as axe-core and a ruler see them.

``A11Y=all`` (``make a11y``) goes through every one there is, and looks at each on a phone, in the
dark, at 200 % and with wide text, too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from dev.stack import Stack
from tests.browser import judging, walk, walk_panel
from tests.browser.conftest import DESKTOP
from tools import day

pytestmark = pytest.mark.browser
ALL = os.environ.get("A11Y") == "all"
NARROW, ZOOMED = (320, 640), (640, 450)  # 1280 wide at 400 % and at 200 %
HANDHELD = (390, 844)
WALKS = (
    (walk.visitor, walk.member, walk_panel.owner, *day.WALKS)
    if ALL
    else (walk.passer_by, walk_panel.glance)
)
# Cells whose end lies beyond what their list shows without scrolling.
_HIDDEN = """() => [...document.querySelectorAll(".stacked :is(th, td)")]
  .filter((it) => it.getBoundingClientRect().right > it.closest(".table-wrap").getBoundingClientRect().right + 1)
  .slice(0, 4).map((it) => it.textContent.trim().slice(0, 30))"""
Judge = Callable[[Page], list[str]]


@pytest.fixture
def page(browser: Browser, shop: Stack, size: tuple[int, int]) -> Iterator[Page]:
    """A fresh browser profile with axe-core in it, in which nothing is to move."""
    width, height = size
    context = browser.new_context(
        base_url=shop.environment["BASE_URL"],
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    judging.bring_axe(context)
    yield context.new_page()
    context.close()


def _resized(page: Page, size: tuple[int, int], judge: Judge) -> list[str]:
    before = page.viewport_size
    page.set_viewport_size({"width": size[0], "height": size[1]})
    found = [f"at {size[0]}: {each}" for each in judge(page)]
    if before:
        page.set_viewport_size(before)
    return found


def _in_the_dark(page: Page) -> list[str]:
    page.emulate_media(color_scheme="dark")
    found = [f"dark: {each}" for each in judging.breaches(page, ("wcag2aa",))]
    page.emulate_media(color_scheme="light")
    return found


def _with_wide_text(page: Page) -> list[str]:
    # A constructed sheet: the policy of the page lets no style element in.
    page.evaluate(
        "(text) => { const it = new CSSStyleSheet(); it.replaceSync(text); document.adoptedStyleSheets = [it]; }",
        judging.SPACED,
    )
    found = [f"wide text: {each}" for each in judging.cut_off(page) + judging.too_wide(page)]
    page.evaluate("document.adoptedStyleSheets = []")
    return found


def _judge(page: Page) -> list[str]:
    found = judging.breaches(page) + judging.too_wide(page) + judging.moving(page)
    found += judging.unexplained(page)
    found += _resized(page, NARROW, judging.too_wide)
    if ALL:
        found += _resized(page, HANDHELD, judging.breaches)
        found += _resized(page, ZOOMED, judging.too_wide)
        found += _resized(page, HANDHELD, _with_wide_text)
        found += _in_the_dark(page)
    return found


@pytest.mark.parametrize("size", [DESKTOP], ids=["desktop"])
@pytest.mark.parametrize("walked", WALKS)
def test_no_page_and_no_state_shuts_anybody_out(
    page: Page, walked: walk.Walk, record_property: Callable[[str, object], None]
) -> None:
    judged = {name: _judge(page) for name in walked(page)}
    record_property("states", len(judged))
    assert {name: found for name, found in judged.items() if found} == {}


@pytest.mark.parametrize("size", [NARROW], ids=["phone"])
def test_lists_of_the_panel_are_cards_on_a_phone_and_stay_tables(page: Page) -> None:
    day.log_in(page, day.OWNER)
    for path in ("products", "inventory", "customers", "promotions", "collections", "pages"):
        page.goto(f"/admin/{path}")
        found = page.evaluate(_HIDDEN)
        assert found == [], (path, found)
        table = page.get_by_role("table").first
        names = table.get_by_role("columnheader").count()
        row = table.get_by_role("row").nth(1)
        cells = row.get_by_role("cell").count() + row.get_by_role("rowheader").count()
        assert cells == names > 2, path
    page.goto("/admin/products?q=Dune+Mug")
    page.get_by_role("link", name="Changed").click()
    assert "sort=updated" in page.url


@pytest.mark.parametrize("size", [NARROW], ids=["phone"])
@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("/products/dune-mug", "h1, .eyebrow a, .crumbs li, .option > span, .prose"),
        ("/products", ".card-title, .card-vendor, .choice, .facet h2"),
    ],
)
def test_a_word_of_any_length_widens_no_page(page: Page, path: str, places: str) -> None:
    page.goto(path)
    changed = page.evaluate(
        "(where) => { const all = [...document.querySelectorAll(where)]; all.forEach((it) => { it.textContent = 'Gesellschaft'.repeat(9); }); return all.length; }",
        places,
    )
    assert changed
    assert judging.too_wide(page) == []
