"""Processes die in the middle of a purchase; carts, orders and mails do not."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Page, expect

from dev.stack import Stack
from tests.browser import journey
from tests.browser.test_purchase import wait_for_mail
from tests.support.gateways import Sandbox
from tests.support.waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [False], ids=["no-js"])
@pytest.mark.parametrize("victim", ["web", "worker", "redis", "mongo"])
def test_a_killed_server_loses_nothing(
    page: Page, shop: Stack, ledger: Sandbox, victim: str
) -> None:
    service = shop.services[victim]

    def die() -> None:
        service.kill()
        service.start()

    page.goto("/products/fjord-serving-bowl")
    journey.choose_buyable(page)
    journey.add_to_cart(page, javascript=False)
    die()
    page.goto("/cart")
    expect(page.locator(".line")).to_have_count(1)
    journey.fill_checkout(page, "stripe")
    service.kill()  # the shopper is at the gateway meanwhile
    service.start()
    journey.pay(page, "stripe", javascript=False)
    number = journey.order_number(page)
    die()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert len([each for each in ledger.captures() if each[0] == number]) == 1
    assert number in wait_for_mail(shop, number)


@pytest.mark.parametrize("javascript", [False], ids=["no-js"])
def test_a_missing_database_is_said_plainly(page: Page, shop: Stack) -> None:
    page.goto("/products/dune-mug")
    journey.add_to_cart(page, javascript=False)
    for _ in range(20):  # so that every process has the page
        requests.get(f"{shop.environment['BASE_URL']}/products/dune-mug", timeout=10)
    shop.services["mongo"].kill()
    try:
        page.goto("/products/dune-mug")
        expect(page.locator("h1")).to_have_text("Dune Mug")
        answer = page.goto("/cart")
        assert answer is not None
        assert answer.status == 503
        expect(page.locator("h1")).to_have_text("One moment, please")
    finally:
        shop.services["mongo"].start()
    # The web processes look for it every other second.
    wait_until(lambda: (answer := page.goto("/cart")) is not None and answer.ok, 30)
    expect(page.locator("main")).to_contain_text("Dune Mug")
