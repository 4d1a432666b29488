"""What an owner does in the panel, step by step, as a person does it with its pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from playwright.sync_api import Locator, Page, expect

from tests.browser import journey
from tests.support.waiting import wait_until

FITS = "document.scrollingElement.scrollWidth <= innerWidth"


class Owner:
    """Somebody at the panel. ``phone``: the menu is folded away until it is opened."""

    def __init__(self, page: Page, *, javascript: bool, phone: bool) -> None:
        self.page = page
        self.javascript = javascript
        self.phone = phone

    # --- getting about ----------------------------------------------------------------------------

    def log_in(self, email: str, password: str) -> None:
        """Ask for the panel, and come to it by way of the login."""
        self.page.goto("/admin")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        self.sees("Dashboard")

    def open(self, section: str, below: str = "", *, title: str = "") -> None:
        """Follow the menu."""
        if self.phone:
            self.page.locator(".admin-menu > summary").click()
        menu = self.page.get_by_role("navigation", name="Admin")
        menu.get_by_role("link", name=section, exact=True).click()
        if below:
            if self.phone:
                self.page.locator(".admin-menu > summary").click()
            menu.get_by_role("link", name=below, exact=True).click()
        self.sees(title or below or section)

    def sees(self, title: str | re.Pattern[str]) -> None:
        """The page has this heading, and nothing of it is wider than the window."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)
        assert not self.javascript or self.page.evaluate(FITS), f"{title} is too wide"

    def press(self, name: str) -> None:
        """Press a button of the page."""
        self.page.locator("main").get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow a link of the page."""
        self.page.locator("main").get_by_role("link", name=name, exact=True).first.click()

    def fill(self, entries: Mapping[str, str]) -> None:
        """Fill in fields by their labels."""
        fields = self.page.locator("main").locator("input, textarea")
        for label, text in entries.items():
            self.page.get_by_label(label, exact=True).and_(fields).first.fill(text)

    def settled(self) -> None:
        """What the page asked for by itself has come."""
        journey.settled(self.page)

    def is_told(self, text: str | re.Pattern[str]) -> None:
        """The page says that it is done."""
        expect(self.page.locator("main [role=status]").first).to_contain_text(text)

    # --- settings ---------------------------------------------------------------------------------

    def open_market(
        self, country: str, shipping: Mapping[str, str], faster: Mapping[str, str]
    ) -> None:
        """Sell to a country: what is suggested of its tax is kept, shipping is the owner's."""
        self.open("Settings", "Markets")
        self.follow("New market")
        self.page.get_by_label("Country").select_option(label=country)
        self.press("Go on")
        self.sees(f"New market: {country}")
        expect(self.page.locator("[name='rates.0.rate']")).to_have_value("20")
        zone = self.page.get_by_role("region", name=f"Shipping: {country}")
        for label, text in shipping.items():
            zone.get_by_label(label, exact=True).nth(1 if label == "Name" else 0).fill(text)
        zone.get_by_role("button", name="Add a method").click()
        new = self.page.get_by_role("group", name="Method 2")
        for label, text in faster.items():
            new.get_by_label(label, exact=True).fill(text)
        self.page.get_by_label("Open: shoppers can choose it").check()
        self.press("Save")
        self.sees(country)
        self.is_told(f"{country} is saved.")

    # --- the catalog ------------------------------------------------------------------------------

    def add_product(self, title: str, details: Mapping[str, str]) -> None:
        """A draft, to be made ready on its other pages."""
        self.open("Products")
        self.follow("New product")
        self.sees("New product")
        self.fill({"Title": title, **details})
        self.press("Create")
        self.sees(title)

    def give_options(self, options: Mapping[str, Sequence[str]], market: str, price: str) -> None:
        """Options with their values, and a row for each combination at the first one's price."""
        self.follow("Options and variants")
        for place, (name, values) in enumerate(options.items()):
            self.press("Add option")
            option = self.page.locator(".option-edit").nth(place)
            option.get_by_label("Name of the option").fill(name)
            for at, value in enumerate(values):
                if at >= option.locator(".values input:not([type=hidden])").count():
                    option.get_by_role("button", name="Add value").click()
                option.locator(".values input:not([type=hidden])").nth(at).fill(value)
        self.page.locator(".matrix tbody tr").first.get_by_label(
            re.compile(rf"{market}, price$")
        ).fill(price)
        self.press("Add missing variants")

    def price(self, rows: Sequence[int], market: str, price: str) -> None:
        """Another price for some rows."""
        for row in rows:
            line = self.page.locator(".matrix tbody tr").nth(row)
            line.get_by_label(re.compile(rf"{market}, price$")).fill(price)
        self.press("Save")

    def add_pictures(self, files: Sequence[Mapping[str, object]], texts: Sequence[str]) -> None:
        """Upload, and say what they show."""
        self.follow("Pictures")
        self.page.get_by_label("Files").set_input_files(list(files))
        self.press("Add")
        shown = self.page.locator(".pictures > li")
        expect(shown).to_have_count(len(files))
        for place, text in enumerate(texts):
            shown.nth(place).get_by_label(re.compile("^What it shows")).fill(text)
        self.press("Save")
        self.is_told("Saved.")

    def publish(self) -> None:
        """From draft to published."""
        self.follow("Details")
        self.page.locator("#status").select_option("published")
        self.press("Save")
        expect(self.page.get_by_role("link", name="See it in the shop")).to_be_visible()

    def stock(self, words: str, counts: Sequence[str]) -> None:
        """Count what lies at the one place there is."""
        self.open("Inventory")
        self.page.get_by_role("searchbox").fill(words)
        if not self.javascript:
            self.press("Show")
        rows = self.page.locator(".stock-list tbody tr")
        expect(rows).to_have_count(len(counts))
        for place, count in enumerate(counts):
            field = rows.nth(place).locator("input[name=quantity]")
            field.fill(count)
            field.press("Enter")
            expect(rows.nth(place).get_by_role("cell").nth(4)).to_have_text(count)

    def add_bundle(self, title: str, part: str, units: str, percent: str) -> None:
        """A set of one product's first variant, for a share less."""
        self.open("Products")
        self.follow("New bundle")
        self.sees("New bundle")
        self.fill({"Title": title})
        self.page.get_by_label("Find products by name or SKU").fill(part)
        self.press("Find")
        self.page.get_by_role("list", name="Found").get_by_role("button").first.click()
        self.settled()
        self.fill({"Units": units, "Percent off": percent})
        self.press("Save")
        self.sees(title)

    def add_collection(self, title: str, slug: str, kind: str) -> None:
        """Found by a rule over the products' type."""
        self.open("Products", "Collections")
        self.follow("New collection")
        self.fill({"Title": title, "Address": slug})
        self.page.get_by_label("Found by a rule").check()
        if not self.javascript:
            self.press("Show")
        self.page.get_by_label("What is asked").select_option(label="Type")
        self.settled()
        self.page.get_by_label("One of these, one on each line").fill(kind)
        self.press("See what it finds")
        expect(self.page.locator("#rule-preview")).to_contain_text("1 product is found")
        self.press("Save")
        self.sees(title)
        self.is_told("is saved")

    def put_on_home_page(self, collection: str, headline: str) -> None:
        """Words of one's own at the top, and the collection below."""
        self.open("Products", "Home page")
        self.page.get_by_label("Your own").check()
        self.fill({"Headline": headline, "Where the button leads": "/products"})
        self.page.get_by_label("All, in the shop's order").uncheck()
        self.page.get_by_label(collection, exact=True).check()
        self.press("Save")
        self.is_told("The home page is saved")

    def promise(self, name: str, code: str, percent: str, market: str) -> None:
        """A share off everything for who knows a code."""
        self.open("Promotions")
        self.follow("New promotion")
        self.page.get_by_role("link", name=re.compile("^Per cent off")).click()
        self.fill({"Name": name, "Per cent off": percent})
        self.page.get_by_label("With a code").check()
        self.fill({"First code": code})
        self.page.get_by_role("group", name="Only in these markets").get_by_label(market).check()
        self.page.locator("main .save-bar").get_by_role("button", name="Save").click()
        self.sees(name)

    # --- orders -----------------------------------------------------------------------------------

    def open_order(self, number: str) -> None:
        """Find it in the list."""
        self.open("Orders")
        self.follow(number)
        self.sees(number)

    def ship(self, units: Mapping[str, str], tracking: str) -> None:
        """A parcel with some of what is open."""
        self.follow("Ship items")
        self.sees("Ship items")
        for title, count in units.items():
            self.page.get_by_label(title, exact=True).fill(count)
        self.fill({"Carrier": "Royal Mail", "Tracking number": tracking})
        self.press("Ship, and write to the customer")
        self.is_told("Shipment 1 is on its way")

    def refund(self, units: Mapping[str, str], amount: str) -> None:
        """Look at the exact amounts, then press twice."""
        self.follow("Refund")
        self.sees("Refund")
        for title, count in units.items():
            self.page.get_by_label(title, exact=True).fill(count)
        self.fill({"Reason (private)": "Chipped in the post"})
        self.press("Show the exact amounts")
        preview = self.page.get_by_role("region", name="This is what is paid back")
        expect(preview.locator(".grand dd")).to_have_text(amount)
        self.page.get_by_role("button", name=f"Pay back {amount}").dblclick()
        self.is_told("The money is on its way back")

    # --- what came of it --------------------------------------------------------------------------

    def reads_figures(self, figures: Mapping[str, str]) -> None:
        """The dashboard's cards, exactly, once the worker has counted what they show."""
        for label, value in figures.items():
            card = self.page.locator(".figure-card").filter(
                has=self.page.get_by_text(label, exact=True)
            )
            self.until(card.locator("strong"), re.compile(rf"^\s*{re.escape(value)}\s*$"))

    def compare_money(self, row: Sequence[str]) -> None:
        """Have the books compared with the gateways, and read the day's row."""
        self.open("Dashboard", "Money report")
        self.press("Compare now")
        expect(self.page.locator("main")).to_contain_text("The books are being compared")
        report = self.page.locator("#report")
        self.until(report.locator("[role=status]"), re.compile(r"^\s*compared"))
        expect(report).to_contain_text("The books and the gateways agree")
        cells = self.page.get_by_role("region", name="Gateways day by day").locator("tbody td")
        expect(cells).to_have_text(list(row))

    def until(self, place: Locator, text: str | re.Pattern[str]) -> None:
        """Look until the page says so: with scripts it looks by itself."""
        if not self.javascript:
            wait_until(lambda: self._says(place, text) or not self.page.reload(), 30)
        expect(place).to_contain_text(text, timeout=30_000)

    def _says(self, place: Locator, text: str | re.Pattern[str]) -> bool:
        return place.count() == 1 and re.search(text, place.inner_text()) is not None

    def reads_log(self) -> dict[str, str]:
        """Every entry with a thing, the oldest first: action and thing, with its differences."""
        self.open("Settings", "Audit log")
        rows = self.page.locator("#list tbody tr")
        found: dict[str, str] = {}
        for place in reversed(range(rows.count())):
            cells = rows.nth(place).locator("td")
            words = f"{cells.nth(2).inner_text()}, {cells.nth(3).inner_text()}"
            assert cells.nth(4).inner_text() == "Done", words
            cells.first.get_by_role("link").click()
            expect(self.page.get_by_role("columnheader", name="After").first).to_be_visible()
            found[words] = self.page.locator("main").inner_text()
            self.page.go_back()
        return found
