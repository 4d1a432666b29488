"""Gift cards, store credit and what is promised of stock, in the language of brackets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from app.catalog.models import BundleComponent, PercentOff, Policy, PolicyKind
from app.checkout.refund_rules import RefundWish
from app.credit.models import CreditState
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.papers import PaperWriter
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from tests.languages.reading import (
    READER,
    READS,
    Counter,
    check,
    crawl,
    found,
    pay,
    read_mails,
    reads,
)
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.credit import Bank, enter_card
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member, make_proven
from tests.support.shopper import Shopper, soup

pytestmark = pytest.mark.usefixtures("pseudo")


@pytest.fixture
def bank(app: Flask) -> Bank:
    return Bank(app)


def test_gift_cards_that_pay(
    app: Flask,
    catalog: CatalogMaker,
    bank: Bank,
    reader: Shopper,
    sandbox: Sandbox,
    mailbox: Mailbox,
) -> None:
    catalog.mug()
    _, code = bank.card(1500, expires_at=now() + timedelta(days=90))
    _, rich = bank.card(9000)
    _, euros = bank.card(100, "EUR")
    disabled, off = bank.card(100)
    reader.add("MUG", 2)
    check(enter_card(reader, off), 303)
    bank.credit.set_state(disabled, CreditState.DISABLED)
    check(reader.get("/cart"), 200)
    for typed in ("", "ABCD-EFGH-JKMN-PQRS", off, euros):
        check(enter_card(reader, typed), 422)
        check(enter_card(reader, typed, at="checkout"), 422)
    check(reader.post("/gift-cards/balance", {"code": ""}), 422)
    reader.post("/gift-cards/balance", {"code": code})
    crawl(reader, "/gift-cards")
    check(enter_card(reader, code), 303)
    check(reader.get("/cart"), 200)
    check(reader.get("/checkout"), 200)
    pay(reader, sandbox)
    staff = Counter(app)
    check(reader.get(staff.url), 200)
    check(reader.get(staff.url.replace("?", "/invoice?")), 200)
    reader.add("MUG", 1)
    check(enter_card(reader, rich, at="checkout"), 200)
    check(reader.get("/checkout"), 200)
    answer = reader.check_out(email=READS)
    check(reader.get(answer.location), 200)
    wish = RefundWish(quantities={1: 1})
    staff.refunding.request(staff.order.id, wish, key="1", reason="", restock=True, by="test")
    staff.work()
    check(reader.get(staff.url), 200)
    notes = [str(a["href"]) for a in soup(reader.get(staff.url)).select("a[href*='credit-notes']")]
    check(reader.get(next(each for each in notes if ".pdf" not in each)), 200)
    read_mails(mailbox, READS, at_least=3)


def test_gift_cards_that_are_bought(
    app: Flask, bank: Bank, reader: Shopper, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    bank.product(2500, title="Voucher", option="Worth")
    check(reader.get("/products/voucher"), 200)
    form = {"sku": "GIFT-2500", "quantity": "1", "gift_email": "x", "gift_message": "1" * 501}
    check(reader.post("/cart/items", form), 422)
    check(reader.post("/cart/items", {**form, "gift_message": ""}), 422)
    check(reader.post("/cart/items", {**form, "gift_email": READS, "gift_message": "Dune"}), 303)
    check(reader.get("/cart"), 200)
    check(reader.get("/checkout"), 200)
    pay(reader, sandbox)
    staff = Counter(app)
    staff.work()
    check(reader.get(staff.url), 200)
    read_mails(mailbox, READS, at_least=2)


def test_store_credit(app: Flask, bank: Bank, catalog: CatalogMaker) -> None:
    catalog.mug()
    member = Member(app, READS)
    account_id = make_proven(app, member.email)
    member.log_in()
    reads(member)
    check(member.get("/account/credit"), 200)
    credit = bank.grant(account_id, 9000)
    member.add("MUG", 1)
    check(member.get("/checkout"), 200)
    check(member.get("/checkout?use_store_credit=y", headers={"HX-Request": "true"}), 200)
    answer = member.check_out(email=READS, use_store_credit="y")
    check(member.get(answer.location), 200)
    check(member.get("/account/credit"), 200)
    bank.credit.set_state(credit, CreditState.DISABLED)
    check(member.get("/account/credit"), 200)


def test_what_is_promised_of_stock(
    app: Flask, catalog: CatalogMaker, reader: Shopper, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    release = now() + timedelta(days=60)
    back = Policy(kind=PolicyKind.BACK_ORDER, limit=10, days=21)
    policies = {
        "VASE": (back, 2),
        "BOWL": (replace(back, days=3, limit=4), 0),
        "CUP": (Policy(kind=PolicyKind.BACK_ORDER), 0),
        "LAMP": (Policy(kind=PolicyKind.PRE_ORDER, limit=50, ships_on=release), 0),
    }
    for sku, (policy, stock) in policies.items():
        variant = replace(make_variant(sku), policy=policy)
        catalog.add(make_product(sku.capitalize(), variant), stock=stock)
    catalog.bundle(
        "Morning",
        BundleComponent(sku=Sku("BOWL"), quantity=1),
        pricing=PercentOff(basis_points=1000),
    )
    crawl(reader, "/products", *(f"/products/{sku.lower()}" for sku in policies))
    check(reader.get("/products/morning"), 200)
    for sku, units in (("VASE", 4), ("BOWL", 1), ("CUP", 1), ("LAMP", 2), ("MORNING", 1)):
        check(reader.add(sku, units, htmx=True), 200)
    check(reader.get("/cart"), 200)
    check(reader.get("/checkout"), 200)
    pay(reader, sandbox)
    staff = Counter(app)
    check(reader.get(staff.url), 200)
    order = staff.order
    slip = service(PaperWriter, app).packing_slip(
        order, service(Invoicing, app).seller, None, owed={Sku("VASE"): 2}
    )
    texts = (slip.title, *slip.notes, *(each.title for each in slip.table.columns))
    left = READER.foreign_words("\n".join(texts))
    if left:
        found["packing slip"] = left
    read_mails(mailbox, READS, at_least=1)
