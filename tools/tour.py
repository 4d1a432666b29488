"""The tour of docs/tour.md, walked in a fresh demo shop: ``make tour`` photographs every step and
writes the page, so that what it says is what was done. Needs Chromium.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from app.account.demo import DEMO_LOGINS
from dev.browsers import find_chromium
from dev.stack import EMBEDDED, ROOT, Stack

_FOLDER = ROOT / "docs" / "tour"
_PAGE = ROOT / "docs" / "tour.md"
_FILM = ROOT / "docs" / "tour.webp"
_WINDOW = {"width": 1280, "height": 800}
_SHOWN, _FILMED = 960, 640  # pixels wide
_SECONDS = 1.6  # of each picture of the film
_OWNER = DEMO_LOGINS[0]
_ENTRIES = {
    "email": "ann@example.com",
    "phone": "+1 555 010 2030",
    "name": "Ann Shopper",
    "line1": "1 Main Street",
    "postal_code": "94203",
    "city": "Sacramento",
}
_HEAD = """# A tour in five minutes

Every step was done exactly as it says here by `make tour`, which took the pictures. Begin with
`make run`; its last lines name the shop's address, the sandbox's and two logins.
"""
Step = tuple[str, str, Callable[[Page], object]]


def _home(page: Page) -> None:
    page.goto("/")


def _filter(page: Page) -> None:
    page.locator(".shelf").get_by_role("link", name="Tableware").click()
    page.locator(".facet").get_by_role("link", name="Moss").first.click()
    expect(page).to_have_url(re.compile("option.Colour=Moss"))


def _choose(page: Page) -> None:
    page.locator(".card-link", has_text="Dune Mug").click()
    page.locator(".option:not(.option-out)").first.click()
    expect(page).to_have_url(re.compile("option"))
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#buy-result")).to_contain_text("In your cart")


def _cart(page: Page) -> None:
    page.locator("#buy-result").get_by_role("link", name="View cart").click()
    page.get_by_label("Discount code").fill("WELCOME10")
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator(".sums")).to_contain_text("Welcome")


def _checkout(page: Page) -> None:
    page.get_by_role("link", name="Check out").click()
    for name, value in _ENTRIES.items():
        page.locator(f"main [name={name}]").fill(value)
    page.locator("main [name=state]").select_option("CA")
    page.locator("[name=gateway][value=stripe]").check()


def _to_gateway(page: Page) -> None:
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_test_id("approve")).to_be_visible()


def _pay(page: Page) -> None:
    page.get_by_role("button", name="Card that pays").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you, Ann")


def _panel(page: Page) -> None:
    page.goto("/admin")
    page.get_by_label("E-mail").fill(_OWNER.email)
    page.get_by_label("Password").fill(_OWNER.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")


def _order(page: Page) -> None:
    menu = page.get_by_role("navigation", name="Admin")
    menu.get_by_role("link", name="Orders", exact=True).click()
    page.locator("#list tbody th a").first.click()
    expect(page).to_have_url(re.compile("/admin/orders/MX-"))


STEPS: tuple[Step, ...] = (
    ("home", "Open <http://127.0.0.1:8000>.", _home),
    ("filter", "Follow *Tableware*, then *Moss* under *Colour*: every filter is a link, and the address says what you see. Switch JavaScript off if you like: nothing is lost but the smoothness.", _filter),
    ("product", "Open the *Dune Mug*, choose a colour and press *Add to cart*.", _choose),
    ("cart", "Follow *View cart*, enter the code `WELCOME10` and press *Apply*.", _cart),
    ("checkout", "Follow *Check out*, fill in an address in California and choose *Card or wallet (Stripe)*.", _checkout),
    ("gateway", "Press *Continue to payment*. This is the sandbox, which stands in for the gateway: a card that is declined, one with 3-D Secure and going away are a button each.", _to_gateway),
    ("order", "Press *Card that pays*. The order is paid; its mail lies in `var/mail`.", _pay),
    ("panel", f"Open <http://127.0.0.1:8000/admin> and log in as `{_OWNER.email}` with `{_OWNER.password}`: the dashboard has the order already.", _panel),
    ("handling", "Follow *Orders* and the order's number: its history, its payment, and what staff do with it: ship, refund, print.", _order),
)  # fmt: skip


def main() -> int:
    """Walk; 1 without Chromium."""
    program = find_chromium()
    if program is None:
        print("This needs Chromium: apt-get install chromium-headless-shell", file=sys.stderr)
        return 1
    _FOLDER.mkdir(exist_ok=True)
    with _shop() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_context(base_url=base, viewport=_WINDOW).new_page()
        pictures = []
        for _, _, walk in STEPS:
            walk(page)
            pictures.append(_photograph(page))
        browser.close()
    _write(pictures)
    return 0


@contextmanager
def _shop() -> Iterator[str]:
    """A demo shop that nobody has bought in; where it answers."""
    with tempfile.TemporaryDirectory(prefix="mossx-tour-") as folder:
        stack = Stack(Path(folder), environment={})
        try:
            stack.start(EMBEDDED)
            environment = {**os.environ, **stack.environment}
            for words in (("db", "upgrade"), ("demo", "load")):
                subprocess.run(stack.command(*words), env=environment, check=True)
            stack.start()
            yield stack.environment["BASE_URL"]
        finally:
            stack.stop()


def _photograph(page: Page) -> Image.Image:
    page.evaluate(
        "Promise.all([...document.images].map(i => { i.loading = 'eager'; return i.decode().catch(() => 0) }))"
    )
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def _write(pictures: list[Image.Image]) -> None:
    lines = [_HEAD]
    for number, ((name, words, _), picture) in enumerate(zip(STEPS, pictures, strict=True), 1):
        _narrowed(picture, _SHOWN).save(_FOLDER / f"{name}.webp", quality=60, method=6)
        lines.append(f"{number}. {words}\n\n   ![Step {number}](tour/{name}.webp)\n")
    _PAGE.write_text("\n".join(lines))
    first, *others = [_narrowed(each, _FILMED) for each in pictures]
    first.save(
        _FILM, save_all=True, append_images=others, duration=round(_SECONDS * 1000), loop=0,
        quality=45, method=6,
    )  # fmt: skip


def _narrowed(picture: Image.Image, width: int) -> Image.Image:
    return picture.resize(
        (width, picture.height * width // picture.width), Image.Resampling.LANCZOS
    )


if __name__ == "__main__":
    sys.exit(main())
