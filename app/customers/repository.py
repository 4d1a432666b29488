"""Customer documents, the orders that are counted in them, and notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.customers.marks import FIRST, LAST, CustomerMarks
from app.customers.models import (
    CountedOrder,
    Customer,
    CustomerFilter,
    CustomerId,
    CustomerSort,
    Listed,
)
from app.customers.rules import rank_number, rank_time, ranks, search_words, tags
from app.db.database import Database, Document, Session, find_any
from app.shared.ids import OrderId
from app.shared.money import Money


class CustomerRepository:
    """Reads and writes ``customers`` and ``customer_orders``."""

    def __init__(self, database: Database) -> None:
        self._customers = database["customers"]
        self._orders = database["customer_orders"]
        self._marks = CustomerMarks(database)

    # --- customers ------------------------------------------------------------------------------

    def find(self, customer_id: CustomerId, session: Session | None = None) -> Customer | None:
        """The customer, or None."""
        found = self._customers.find_one({"_id": customer_id}, session=session)
        return _customer(found) if found else None

    def store(self, customer: Customer, session: Session) -> None:
        """Write a customer, new or not. Raises ``DuplicateKeyError`` if somebody else stores the
        same new one at this moment."""
        document = _document(customer)
        self._customers.replace_one({"_id": customer.id}, document, upsert=True, session=session)

    def delete(self, customer_id: CustomerId, session: Session) -> None:
        """Remove a customer."""
        self._customers.delete_one({"_id": customer_id}, session=session)

    def with_emails(self, emails: Iterable[str]) -> list[Customer]:
        """Everybody who goes by one of these addresses."""
        return [_customer(each) for each in find_any(self._customers, "email", emails)]

    def ids(self) -> Iterator[CustomerId]:
        """Every customer."""
        return (each["_id"] for each in self._customers.find({}, {"_id": 1}))

    # --- lists ----------------------------------------------------------------------------------

    def listed(self, wanted: CustomerFilter, most: int) -> list[Listed]:
        """Customers by rank, the highest first. The rank's index, behind that of one tag where
        lists are narrowed by any, ends the reading after a page."""
        field = _rank_field(wanted)
        query: Document = {}
        narrowed = _tags_of(wanted)
        if narrowed:
            query["tags"] = narrowed[0] if len(narrowed) == 1 else {"$all": narrowed}
        if wanted.ordered_since is not None and wanted.sort is not CustomerSort.LAST_ORDER:
            query["last_order_at"] = {"$gte": wanted.ordered_since}
        over = wanted.spent_over
        if over is not None and wanted.sort is not CustomerSort.SPENT:
            query[f"rank.spent.{over.currency}"] = {"$gte": rank_number(over.minor)}
        found: list[Document] = []
        for low, high in self._marks.down(field, wanted.after or LAST, _least(wanted)):
            stretch = {**query, field: {"$gte": low, "$lt": high}}
            cursor = self._customers.find(stretch).sort(field, -1)
            found += cursor.limit(most - len(found))
            if len(found) >= most:
                break
        return [Listed(customer=_customer(each), rank=_at(each, field)) for each in found]

    def search(self, text: str, most: int) -> list[Customer]:
        """Some whose address, or a word of whose name, begins with ``text``."""
        found: dict[str, Document] = {}
        for each in self._beginning_with(text):
            found[each["_id"]] = each
            if len(found) >= most:
                break
        return [_customer(each) for each in found.values()]

    def _beginning_with(self, text: str) -> Iterator[Document]:
        """Customers with a word that begins so, in stretches, some of them more than once; of a
        word that very many have, the newest customers first."""
        newest = f"rank.{CustomerSort.NEWEST.value}"
        for stretch in self._marks.words(text):
            if isinstance(stretch, str):
                for low, high in self._marks.down(newest, LAST, FIRST):
                    within = {"words": stretch, newest: {"$gte": low, "$lt": high}}
                    yield from self._customers.find(within).sort(newest, -1)
                continue
            # Each end may be met by another word: ``$elemMatch`` would ask for the same one, but
            # has the embedded database look at every customer.
            low, high = stretch
            for each in self._customers.find({"words": {"$gte": low, "$lt": high}}):
                if any(low <= word < high for word in each["words"]):
                    yield each

    def index_currency(self, currency: str) -> None:
        """Have customers sorted by what they spent in this currency; repeating it does nothing.

        Ascending: in a descending index of the embedded database no range begins at a text that
        its texts begin with.
        """
        field = f"rank.spent.{currency}"
        self._customers.create_index(field)
        self._customers.create_index([("tags", 1), (field, 1)])

    # --- counted orders -------------------------------------------------------------------------

    def counted(self, order_id: OrderId, session: Session) -> CountedOrder | None:
        """How an order is counted, or None."""
        found = self._orders.find_one({"_id": order_id}, session=session)
        return _counted(found) if found else None

    def count(self, order: CountedOrder, session: Session) -> None:
        """Count an order like this from now on."""
        document = {
            "_id": order.order_id,
            "customer_id": order.customer_id,
            "currency": order.spent.currency,
            "spent": order.spent.minor,
            "market": order.market,
            "name": order.name,
            "placed_at": order.placed_at,
        }
        self._orders.replace_one({"_id": order.order_id}, document, upsert=True, session=session)

    def uncount(self, order_id: OrderId, session: Session) -> None:
        """Count an order no more."""
        self._orders.delete_one({"_id": order_id}, session=session)

    def orders_of(self, customer_id: CustomerId, session: Session) -> list[CountedOrder]:
        """All that is counted of a customer."""
        found = self._orders.find({"customer_id": customer_id}, session=session)
        return [_counted(each) for each in found]

    def ends(
        self, customer_id: CustomerId, session: Session
    ) -> tuple[CountedOrder | None, CountedOrder | None]:
        """The first and the last that a customer bought; None where that is nothing."""

        def outermost(way: int) -> CountedOrder | None:
            found = self._orders.find({"customer_id": customer_id}, session=session)
            return next(
                map(_counted, found.sort([("placed_at", way), ("_id", way)]).limit(1)), None
            )

        return outermost(1), outermost(-1)


def _rank_field(wanted: CustomerFilter) -> str:
    if wanted.sort is CustomerSort.SPENT:
        return f"rank.spent.{wanted.currency}"
    return f"rank.{wanted.sort.value}"


def _least(wanted: CustomerFilter) -> str:
    """The last rank that is asked for, where it is the figure that is filtered by."""
    if wanted.sort is CustomerSort.SPENT and wanted.spent_over is not None:
        return rank_number(wanted.spent_over.minor)
    if wanted.sort is CustomerSort.LAST_ORDER and wanted.ordered_since is not None:
        return rank_time(wanted.ordered_since)
    return FIRST


def _tags_of(wanted: CustomerFilter) -> list[str]:
    """The tags that are asked for, the rarest first."""
    found = [f"group:{wanted.group}"] if wanted.group else []
    found += [f"market:{wanted.market}"] if wanted.market else []
    if wanted.has_account is not None:
        found.append("account" if wanted.has_account else "guest")
    return found


def _at(document: Document, path: str) -> str:
    value = document
    for part in path.split("."):
        value = value[part]
    return str(value)


def _document(customer: Customer) -> Document:
    return {
        "_id": customer.id,
        "account_id": customer.account_id,
        "email": customer.email,
        "name": customer.name,
        "since": customer.since,
        "orders": customer.orders,
        "spent": [{"currency": each.currency, "minor": each.minor} for each in customer.spent],
        "last_order_at": customer.last_order_at,
        "market": customer.market,
        "groups": list(customer.groups),
        "words": search_words(customer.email, customer.name),
        "tags": tags(customer),
        "rank": ranks(customer),
    }


def _customer(document: Document) -> Customer:
    return Customer(
        id=document["_id"],
        account_id=document["account_id"],
        email=document["email"],
        name=document["name"],
        since=document["since"],
        orders=document["orders"],
        spent=tuple(Money(each["minor"], each["currency"]) for each in document["spent"]),
        last_order_at=document["last_order_at"],
        market=document["market"],
        groups=tuple(document["groups"]),
    )


def _counted(document: Document) -> CountedOrder:
    return CountedOrder(
        order_id=document["_id"],
        customer_id=document["customer_id"],
        spent=Money(document["spent"], document["currency"]),
        market=document["market"],
        name=document["name"],
        placed_at=document["placed_at"],
    )
