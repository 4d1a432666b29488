"""Mails and papers follow the language of their order, or of who caused them."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader

from app.shared.ids import Sku
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member
from tests.support.shopper import Shopper

GERMAN_ADDRESS = {
    "line1": "Lange Straße 1", "city": "Berlin", "state": "", "postal_code": "10115",
    "country": "DE", "phone": "+49 30 1234567",
}  # fmt: skip


def buy(shopper: Shopper, sandbox: Sandbox, language: str, market: str = "US") -> None:
    """Buy a mug in a language and a market."""
    shopper.post("/market", {"market": market, "language": language})
    shopper.add("MUG")
    changes = GERMAN_ADDRESS if market == "DE" else {}
    answer = shopper.check_out(**changes)
    assert answer.status_code == 303, answer.text
    assert shopper.come_back(sandbox, answer.location, "stripe").status_code == 303


def body(mail: object, kind: str) -> str:
    """A part of a mail."""
    part = mail.get_body((kind,))
    return str(part.get_content())


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("en", "Your order MX-", "are packing it now"),
        ("de", "Ihre Bestellung MX-", "packen sie jetzt"),
        ("hi", "आपका ऑर्डर MX-", "पैक कर रहे हैं"),
    ],
)
def test_mails_are_in_the_language_of_their_order(
    app: Flask, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox, mailbox: Mailbox,
    language: str, subject: str, words: str,
) -> None:  # fmt: skip
    catalog.mug()
    buy(shopper, sandbox, language)
    shopper.post("/market", {"market": "IN", "language": "en"})  # its shopper reads on in another
    (mail,) = mailbox.read("ann@example.com")
    assert str(mail["Subject"]).startswith(subject)
    assert words in body(mail, "plain")
    assert f'<html lang="{language}">' in body(mail, "html")


def test_what_happens_later_is_told_in_it_too(
    app: Flask, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    catalog.mug()
    buy(shopper, sandbox, "de")
    staff = Staff(app)
    staff.ship({1: 1}, carrier="dhl", tracking="1234567890")
    subjects = mailbox.subjects("ann@example.com")
    assert subjects[-1] == f"Unterwegs: Ihre Bestellung {staff.order.number}"


def test_mails_about_an_account_are_in_the_language_of_who_asked(
    app: Flask, mailbox: Mailbox
) -> None:
    member = Member(app)
    member.post("/market", {"market": "DE", "language": "auto"})
    member.register()
    member.post("/market", {"market": "DE", "language": "hi"})
    member.post("/account/forgot", {"email": member.email})
    assert mailbox.subjects(member.email) == [
        "Bitte bestätigen Sie Ihre E-Mail-Adresse",
        "नया पासवर्ड सेट करें",
    ]


def test_who_waits_for_something_is_told_in_the_language_they_asked_in(
    app: Flask, catalog: CatalogMaker, shopper: Shopper, mailbox: Mailbox
) -> None:
    catalog.mug(stock=0)
    shopper.post("/market", {"market": "DE", "language": "auto"})
    shopper.post("/stock-alerts", {"sku": "MUG", "email": "ann@example.com"})
    catalog._stock.set_on_hand({Sku("MUG"): 3}, "test")
    assert mailbox.subjects("ann@example.com") == ["Dune Mug ist wieder da"]


def test_an_order_tells_its_history_in_the_language_of_who_looks(
    app: Flask, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox
) -> None:
    catalog.mug()
    buy(shopper, sandbox, "de")
    staff = Staff(app)
    staff.ship({1: 1}, carrier="dhl", tracking="1234567890")
    assert "1 Artikel mit DHL versandt, Sendungsnummer 1234567890" in shopper.get(staff.url).text
    shopper.post("/market", {"market": "US", "language": "en"})
    assert "1 item shipped with DHL, tracking number 1234567890" in shopper.get(staff.url).text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ("Rechnung", "Zwischensumme", "Gesamtsumme", "enthaltene MwSt.", "Menge", "19 %")),
        ("hi", ("इनवॉइस", "उप-योग", "शामिल", "मात्रा")),
        ("en", ("Invoice", "Subtotal", "Total", "VAT 19 % contained")),
    ],
)
def test_papers_are_in_the_language_of_their_order(
    app: Flask, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox,
    language: str, words: tuple[str, ...],
) -> None:  # fmt: skip
    catalog.mug()
    buy(shopper, sandbox, language, "DE")
    staff = Staff(app)
    shopper.post("/market", {"market": "US", "language": "en"})
    address = staff.url.replace("?token", "/invoice?token")
    page = shopper.get(address)
    assert f'<html lang="{language}">' in page.text
    pdf = PdfReader(BytesIO(shopper.get(address.replace("/invoice?", "/invoice.pdf?")).data))
    text = " ".join(pdf.pages[0].extract_text().split())
    for word in words:
        assert word in page.text
        assert word in text
