"""What a campaign's shop sells: little of one thing, plenty of others, a bundle, a code, cards."""

from __future__ import annotations

import random
from collections.abc import Mapping

from app import create_app
from app.catalog.models import BundleComponent, PercentOff
from app.db.database import Database
from app.db.migrations import upgrade
from app.shared.ids import Sku
from app.web.registry import service
from tests.chaos.shopper import COUPON
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.credit import Bank
from tests.support.promotions import PromotionMaker

_PRODUCTS = 24
_CARDS = 0.1  # of the checkouts: each is shared by several shoppers
_COUPON_USES = 0.15  # of the checkouts: fewer than there are shoppers who try


def stock_of() -> dict[str, int]:
    """Units of each SKU at the beginning."""
    return {f"C-{number}": 10_000 if number else 25 for number in range(_PRODUCTS)}


def fill(
    environment: Mapping[str, str], stock: Mapping[str, int], checkouts: int, rng: random.Random
) -> tuple[str, ...]:
    """Migrate the empty database and fill the shop; the codes of its gift cards."""
    app = create_app(environment)
    database = service(Database, app)
    upgrade(database)
    products = [make_product(f"Chaos {sku}", make_variant(sku)) for sku in stock]
    maker = CatalogMaker(app)
    maker.add(*products[:1], stock=25)
    maker.add(*products[1:], stock=10_000)
    uses = max(int(checkouts * _COUPON_USES), 1)
    PromotionMaker(app).add(COUPON, limit_total=uses, limit_per_customer=1)
    bank = Bank(app)
    many = max(int(checkouts * _CARDS), 2)
    worth = (1500, 4000, 12_000)  # a part of an order, about one, several
    cards = tuple(bank.card(rng.choice(worth))[1] for _ in range(many))
    maker.bundle(
        "Bundle",
        BundleComponent(sku=Sku("C-1"), quantity=2, alternatives=(Sku("C-2"),)),
        BundleComponent(sku=Sku("C-0"), quantity=1, optional=True),
        pricing=PercentOff(basis_points=1000),
    )
    database.close()
    return cards
