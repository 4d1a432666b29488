"""Gift cards and store credit for tests."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask
from werkzeug.test import TestResponse

from app.catalog.models import Product, ProductKind
from app.catalog.repository import CatalogRepository
from app.catalog.writing import ProductWriter
from app.credit.models import CreditAccount
from app.credit.service import CreditService
from app.db.database import Database
from app.inventory.service import InventoryService
from app.shared.ids import AccountId, CreditId
from app.shared.money import Money
from app.web.registry import service
from tests.support.catalog import make_product, make_variant
from tests.support.shopper import Shopper


def enter_card(
    shopper: Shopper, code: str, *, htmx: bool = False, at: str = "", **more: str
) -> TestResponse:
    """Type a gift card's code into the field of the cart's page, or of the checkout's."""
    entry = {"code": code, **({"at": at} if at else {}), **more}
    return shopper.post("/cart/gift-cards", entry, htmx=htmx)


class Bank:
    """Issues credit, and looks into the ledger."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.credit = service(CreditService, app)
        self.database = service(Database, app)

    def card(self, minor: int, currency: str = "USD", **more: object) -> tuple[CreditId, str]:
        """A gift card's id and code."""
        card = self.credit.issue_card(Money(minor, currency), by="test", **more)
        return card.id, self.credit.code_of(card)

    def grant(self, account_id: str, minor: int, currency: str = "USD") -> CreditId:
        """Store credit for an account."""
        amount = Money(minor, currency)
        return self.credit.grant(AccountId(account_id), amount, reason="sorry", by="test").id

    def account(self, credit_id: CreditId) -> CreditAccount:
        """The account as it is now."""
        return self.credit.get(credit_id)

    def figures(self, credit_id: CreditId) -> tuple[int, int, int]:
        """Its balance, and what of it is held and available, in minor units."""
        account = self.account(credit_id)
        return account.balance.minor, account.held.minor, account.available.minor

    def is_sound(self) -> bool:
        """Whether every balance is the sum of its entries."""
        return self.credit.check() == []

    def product(self, *minors: int, title: str = "Gift Card", option: str = "Amount") -> Product:
        """A gift card to buy, with a variant (GIFT-2500) for each amount."""
        variants = [
            replace(make_variant(f"GIFT-{minor}", {option: str(minor // 100)}, US=minor))
            for minor in minors
        ]
        product = make_product(title, *variants, kind=ProductKind.GIFT_CARD, type="Gift card")
        catalog = CatalogRepository(self.database)
        writer = ProductWriter(catalog, service(InventoryService, self.app))
        self.database.in_transaction(lambda session: writer.store([product], (), session))
        return product
