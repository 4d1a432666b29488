"""A shop with one of everything, so that every address has something to be about."""

from __future__ import annotations

import io
from uuid import uuid4

from flask import Flask

from app.cart.rules import account_cart_id
from app.catalog.models import BundleComponent, PercentOff
from app.db.database import Database
from app.db.migrations import upgrade
from app.fulfilment.models import ReturnReason
from app.fulfilment.returns import GoodsReturns
from app.fulfilment.shipping import Shipping
from app.groups.service import GroupService
from app.inventory.locations import Locations
from app.inventory.transfers import Transfers
from app.markets.repository import MarketRepository
from app.markets.starting import STARTING
from app.reviews.models import Draft
from app.reviews.service import ReviewService
from app.shared.ids import AccountId, OrderId, Sku, new_id
from app.web.registry import service
from app.worker import Worker
from tests.fuzz.harvest import Harvest
from tests.fuzz.people import ANN, BEN, GUEST, People, Person
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.credit import Bank
from tests.support.gateways import Sandbox
from tests.support.promotions import PromotionMaker
from tests.support.shopper import ADDRESS

ANNS_STREET = "7 Heron Lane"  # what nobody else may read
_KEPT = {"migrations", "migration_lock"}
_STARTS = {
    GUEST: ("/", "/products", "/cart", "/search?q=lamp", "/orders/lookup", "/account/login",
            "/account/register", "/account/forgot", "/gift-cards", "/wishlist", "/checkout"),
    ANN: ("/account", "/account/orders", "/account/addresses", "/account/sessions", "/cart",
          "/account/two-factor", "/wishlist", "/checkout", "/account/reviews"),
    BEN: ("/account", "/cart", "/wishlist"),
    "owner": ("/admin",),
}  # fmt: skip
_ENTRY = ("name", "phone", "line1", "line2", "city", "state", "postal_code", "country")
_DRAFT = {
    "do": "create", "market": "US", "email": "ann@people.example", "days": "7", "sku-1": "MUG",
    "quantity-1": "2", "discount": "", "discount_kind": "percent", "note": "",
}  # fmt: skip
_CSV = (
    "Handle,Title,Vendor,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,"
    "Variant Price\nfuzz-mug,Fuzz Mug,Halden,true,FZ1,shopify,3,20.00\n"
)


class World:
    """Empties the database, and fills it; then everybody looks at each kind of page, up to
    ``looks`` of it."""

    def __init__(self, app: Flask, sandbox: Sandbox, looks: int = 3) -> None:
        self.app = app
        self.sandbox = sandbox
        self.database = service(Database, app)
        self._empty()
        self._stock()
        self.people = People(app)
        self._shop()
        self._run_the_shop()
        self.work()
        self.harvest = Harvest(app)
        for name, starts in _STARTS.items():
            self.harvest.crawl(self.people[name], starts, looks)
        self.people.gather()
        self.anns = self._what_is_anns()

    def _what_is_anns(self) -> dict[str, list[str]]:
        """What may stand in addresses and belongs to Ann alone."""
        account_id = self.people[ANN].account_id
        mine = {"account_id": account_id}
        account = self.database["accounts"].find_one({"_id": account_id}) or {}
        carts = list(self.database["carts"].find({"_id": account_cart_id(AccountId(account_id))}))
        return {
            "number": [each["number"] for each in self.database["orders"].find(mine)],
            "address_id": [str(each["id"]) for each in account["addresses"]],
            "line_id": [str(line["id"]) for cart in carts for line in cart["lines"]],
        }

    def work(self) -> None:
        """Let the worker do what there is."""
        while service(Worker, self.app).round():
            pass

    def _empty(self) -> None:
        upgrade(self.database)
        for name in self.database.collections() - _KEPT:
            self.database[name].delete_many({})
        MarketRepository(self.database).seed(STARTING)

    def _stock(self) -> None:
        maker = CatalogMaker(self.app)
        lamp = make_product(
            "Lamp",
            make_variant("LAMP-SAND", {"Colour": "Sand"}),
            make_variant("LAMP-MOSS", {"Colour": "Moss"}, US=2500, DE=2500),
            attributes={"Material": "clay"},
            tags=("clay",),
        )
        self.lamp = lamp
        mug = make_product("Mug", make_variant("MUG"))
        maker.add(lamp, mug, stock=500)
        maker.add(make_product("Dune", make_variant("DUNE")), stock=0)
        maker.bundle(
            "Tea Set",
            BundleComponent(sku=Sku("MUG"), quantity=1),
            BundleComponent(
                sku=Sku("LAMP-SAND"), alternatives=(Sku("LAMP-MOSS"),), quantity=1, optional=True
            ),
            pricing=PercentOff(basis_points=1000),
        )
        service(Locations, self.app).add("west", "West", country="US")
        bank = Bank(self.app)
        bank.product(2500, 5000)
        self.card = bank.card(5000)[1]
        promotions = PromotionMaker(self.app)
        ten = promotions.add("TEN", limit_total=100)
        promotions.make_codes(ten, 3, name="First batch", key=str(uuid4()))
        promotions.add()
        groups = service(GroupService, self.app)
        groups.create("vip", "Friends")
        groups.add("vip", ["ann@people.example"])

    def _shop(self) -> None:
        ann, ben, guest = self.people[ANN], self.people[BEN], self.people[GUEST]
        for person in (ann, ben):
            entry = {name: ADDRESS[name] for name in _ENTRY}
            street = ANNS_STREET if person is ann else "5 Side Street"
            person.post("/account/addresses", {**entry, "line1": street})
            person.post("/wishlist/items", {"sku": "MUG"})
            self._buy(person, "stripe")
        self._buy(ann, "razorpay")
        self._buy(ann, "stripe")
        self._buy(guest, "stripe")
        for person in (ann, ben, guest):
            person.add("LAMP-SAND", 2)
            person.add("MUG")
        ann.check_out(email=ann.email)  # left open
        ann.add("MUG", 3)
        ann.post("/cart/coupons", {"code": "TEN"})
        ann.post("/wishlist/sharing", {"sharing": "on"})
        guest.post("/stock-alerts", {"sku": "DUNE", "email": "eve@example.com"})
        for person, stars in ((ann, 4), (ben, 2)):
            self._review(person, stars)
        Bank(self.app).grant(ann.account_id, 3000)
        self.work()

    def _review(self, person: Person, stars: int) -> None:
        reviews, account_id = service(ReviewService, self.app), AccountId(person.account_id)
        right = reviews.right_of_account(account_id, person.name, self.lamp.id)
        said = Draft(stars=stars, title="Of clay", text="And warm.", name=person.name)
        written = reviews.write(right, said)
        if stars > 3:
            reviews.publish(written.id, written.version, "owner")

    def _buy(self, person: Person, gateway: str) -> None:
        person.add("MUG", 2)
        person.add("LAMP-MOSS", 1)
        street = ANNS_STREET if person.name == ANN else "5 Side Street"
        answer = person.check_out(gateway=gateway, email=person.email, line1=street)
        assert answer.status_code == 303, answer.text
        back = person.come_back(self.sandbox, answer.location, gateway)
        assert back.status_code == 303, back.text

    def _run_the_shop(self) -> None:
        owner = self.people["owner"]
        orders = list(self.database["orders"].find({"state": "paid"}))
        for order in orders[:2]:
            order_id = OrderId(order["_id"])
            service(Shipping, self.app).ship(order_id, None, key=new_id("key"))
            service(GoodsReturns, self.app).ask(
                order_id, {1: 1}, ReturnReason.DAMAGED, "", key=new_id("key")
            )
        service(Transfers, self.app).move(
            "a-first-key", {Sku("MUG"): 5}, "main", "west", by="owner"
        )
        sheet = {"file": (io.BytesIO(_CSV.encode()), "products.csv"), "market": "US"}
        for path, form in (
            ("/admin/staff", {"email": "new@people.example", "role": "support"}),
            ("/admin/imports", sheet),
            ("/admin/money/runs", {}),
            ("/admin/drafts", {**_DRAFT, "key": str(uuid4())}),
            ("/admin/collections/new", {"title": "Gifts", "slug": "gifts", "kind": "manual"}),
        ):
            answer = owner.post(path, form)
            assert answer.status_code == 303, answer.text
