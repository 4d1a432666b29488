"""The link of a draft order: copied with a button, which is there only if it can do that."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tools import day

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_a_drafts_link_is_copied(page: Page, javascript: bool) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    day.log_in(page, day.OWNER)
    assert "one draft" in day.draft(page)  # which leaves the page there
    button = page.locator("[data-copy=link]")
    if not javascript:
        expect(button).to_be_hidden()
        return
    button.click()
    expect(button).to_have_text("Copied")
    link = page.locator("#link").input_value()
    assert page.evaluate("navigator.clipboard.readText()") == link
