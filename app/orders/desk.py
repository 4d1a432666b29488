"""The order book for staff: lists, notes, and the address while nothing is shipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import timedelta

from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.orders.desk_repository import OrderDeskRepository
from app.orders.errors import (
    AddressChanged,
    AddressFixed,
    EmailChanged,
    PersonErased,
    TaxedElsewhere,
)
from app.orders.events import CONFIRMATION_ASKED, ORDERS_MOVED
from app.orders.finding import (
    NOTED,
    FoundOrders,
    OrderFilter,
    OrderSort,
    words_in,
    words_of_address,
)
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.clock import now
from app.shared.emails import is_erased
from app.shared.errors import Conflict, Invalid
from app.shared.ids import OrderId, new_secret
from app.shared.places import place, read_place
from app.shared.postal import Address
from app.shared.texts import Text

NOTE_LENGTH = 2_000
PERIOD = timedelta(days=3)  # within which orders are sorted by total unless dates are given
_BATCH = 200
_NOBODY = "!"  # comes before every id


class OrderDesk:
    """What staff do with the order book itself."""

    def __init__(self, database: Database, outbox: Outbox, orders: OrderService) -> None:
        self._database = database
        self._outbox = outbox
        self._orders = orders
        self._lists = OrderDeskRepository(database)

    # --- lists ----------------------------------------------------------------------------------

    def find(self, wanted: OrderFilter, most: int, after: str = "") -> FoundOrders:
        """A page of orders; ``after`` is where the page before ended.

        Words have to be there whole; one that no order has may be the beginning of one.
        """
        if wanted.sort is OrderSort.TOTAL:
            return self._by_total(within_period(wanted), most, after)
        begin = read_place(after)
        back = wanted.sort is not OrderSort.OLDEST
        walk = self._lists.walk(wanted, begin, most + 1, back=back)
        if not walk.orders and walk.until is None and begin is None:
            return FoundOrders(orders=tuple(self._begun(wanted)[:most]))
        orders = tuple(walk.orders[:most])
        if walk.until is not None:
            older = place(walk.until, _NOBODY)
            return FoundOrders(orders=orders, older=older, until=walk.until)
        more = len(walk.orders) > most
        last = orders[-1] if more else None
        return FoundOrders(orders=orders, older=place(last.placed_at, last.id) if last else "")

    def _begun(self, wanted: OrderFilter) -> list[Order]:
        if len(words_in(wanted.q)) != 1:
            return []
        found = self._lists.by_prefix(wanted)
        since, until = wanted.placed_from, wanted.placed_until
        return [
            order
            for order in found
            if (since is None or order.placed_at >= since)
            and (until is None or order.placed_at < until)
        ]

    def _by_total(self, wanted: OrderFilter, most: int, after: str) -> FoundOrders:
        places = sorted(self._lists.totals(wanted), reverse=True)
        if after:
            minor, _, last = after.partition("-")
            edge = (int(minor) if minor.isdecimal() and len(minor) < 19 else 0, last)
            places = [each for each in places if each < edge]
        page = places[:most]
        orders = self._lists.by_ids(order_id for _, order_id in page)
        older = f"{page[-1][0]}-{page[-1][1]}" if len(places) > most else ""
        return FoundOrders(orders=tuple(orders[each] for _, each in page), older=older)

    def every(self, wanted: OrderFilter) -> Iterator[Order]:
        """All that a filter leaves, the newest first, for a file."""
        after = ""
        while True:
            found = self.find(replace(wanted, sort=OrderSort.NEWEST), _BATCH, after)
            yield from found.orders
            after = found.older
            if not after:
                return

    def many(self, numbers: Iterable[str]) -> list[Order]:
        """Orders by number, in the order of the numbers; unknown ones are left out."""
        wanted = list(dict.fromkeys(number.strip().upper() for number in numbers))
        found = self._lists.by_numbers(wanted)
        return [found[number] for number in wanted if number in found]

    def by_ids(self, ids: Iterable[OrderId]) -> dict[str, Order]:
        """Orders by id."""
        return self._lists.by_ids(ids)

    # --- changes --------------------------------------------------------------------------------

    def note(self, order_id: OrderId, text: str, *, by: str, key: str) -> None:
        """Add a private note to the timeline; the same ``key`` again is the same note.

        Raises ``Invalid`` for none, and one that is too long.
        """
        text = text.strip()
        if not 0 < len(text) <= NOTE_LENGTH:
            message = (
                Text("Please use at most %(max)s characters.", max=NOTE_LENGTH)
                if text
                else Text("Please write something.")
            )
            raise Invalid(message, {"note": message})

        def work(session: Session) -> None:
            self._orders.note(order_id, "note", text, session=session, key=f"note:{key}", by=by)
            self._lists.add_words(order_id, [NOTED], session)

        self._database.in_transaction(work)

    def confirm_again(self, order: Order, *, by: str, key: str) -> None:
        """Have a paid order's confirmation sent again; the same ``key`` again is the same mail.

        Raises ``Conflict`` for an order that was not paid.
        """
        if not order.is_paid:
            raise Conflict(Text("There is a confirmation once the order is paid."))

        def work(session: Session) -> None:
            payload = {"order_id": order.id, "key": key}
            topic = f"{CONFIRMATION_ASKED}:{order.id}:{key}"
            self._outbox.publish(CONFIRMATION_ASKED, payload, session, key=topic)
            said = Text("Confirmation sent again to %(email)s", email=order.email)
            self._orders.note(order.id, "mail", said, session=session, key=f"mail:{key}", by=by)

        self._database.in_transaction(work)

    def correct_email(self, order_id: OrderId, email: str, *, seen: str, by: str) -> Order | None:
        """Have mails about an order go to another address, over ``seen``, the one that was read;
        None if they go there already.

        Every mail to come goes there, and the confirmation of a paid order at once. Whoever got
        mail at the old address may be a stranger: the order's link in it is void from now on, the
        new one is in the confirmation. An account that bought the order keeps it. One that has it
        only because the address is its own loses it, and whoever has proven to own the new one
        finds it in theirs, as if it had been typed at once. What a gateway was told stays as it
        was sent, so its own receipt may go to the old address; and gift cards that went there are
        not sent again, since whoever has their code can spend them.

        Raises ``EmailChanged`` if somebody else corrected it since, and ``PersonErased``.
        """

        def work(session: Session) -> bool:
            current = self._orders.get(order_id, session)
            if is_erased(current.email):
                raise PersonErased
            if current.email == email:
                return False
            if current.email != seen or not self._lists.set_email(
                current, email, new_secret(), session
            ):
                raise EmailChanged(current)
            said = Text(
                "Mail address corrected from %(before)s to %(after)s", before=seen, after=email
            )
            self._orders.note(order_id, "mail", said, session=session, by=by)
            self._outbox.publish(ORDERS_MOVED, {"order_ids": [order_id]}, session)
            if current.is_paid:
                self._outbox.publish(CONFIRMATION_ASKED, {"order_id": order_id}, session)
            return True

        return self._orders.get(order_id) if self._database.in_transaction(work) else None

    def change_address(self, seen: Order, address: Address, *, by: str) -> Order:
        """Send a paid order elsewhere, as long as nothing of it is shipped; ``seen`` is the order
        as it was read.

        Raises ``AddressChanged`` if somebody else changed it since, ``AddressFixed`` where it
        cannot be changed (any more), and ``TaxedElsewhere`` for another country or state.
        """
        before = seen.address
        if (before.country, before.state) != (address.country, address.state):
            raise TaxedElsewhere(before, address)

        def work(session: Session) -> bool:
            current = self._orders.get(seen.id, session)
            if current.address == address:
                return True
            if current.address_version != seen.address_version:
                raise AddressChanged(current)
            words = words_of_address(address)
            if not self._lists.set_address(current, asdict(address), words, session):
                return False
            self._orders.note(
                seen.id,
                "address",
                Text("Delivery address changed"),
                public=True,
                session=session,
                key=f"address:{seen.address_version + 1}",
                by=by,
            )
            return True

        if not self._database.in_transaction(work):
            raise AddressFixed
        return self._orders.get(seen.id)


def within_period(wanted: OrderFilter) -> OrderFilter:
    """The filter with both ends of its period: the last days up to its end unless it has one."""
    until = wanted.placed_until or now() + timedelta(days=1)
    return replace(wanted, placed_until=until, placed_from=wanted.placed_from or until - PERIOD)
