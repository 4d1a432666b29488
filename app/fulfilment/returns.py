"""Goods that come back: asked for by the shopper, approved, received or refused by staff."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from app.checkout.errors import NothingToRefund, PaymentDisputed
from app.checkout.refund_rules import Balance, RefundWish, parts_of, what_is_left_of
from app.checkout.refunding import Refunding
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.fulfilment.errors import NotReturnable, ReturnMoved
from app.fulfilment.events import RETURN_MOVED
from app.fulfilment.models import ReturnReason, ReturnRequest, ReturnState, UnitLine
from app.fulfilment.repository import ReturnRepository
from app.fulfilment.rules import returnable_units
from app.inventory.models import LocationCode
from app.inventory.service import InventoryService
from app.orders.models import Order
from app.orders.service import OrderService
from app.orders.units import OrderUnits
from app.payments.models import Refund
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import OrderId
from app.shared.money import Money
from app.shared.texts import Text

COMMENT_LENGTH = 1_000
_NOTES = {
    ReturnState.REQUESTED: Text("Return %(id)s asked for"),
    ReturnState.APPROVED: Text("Return %(id)s approved"),
    ReturnState.RECEIVED: Text("Return %(id)s received"),
    ReturnState.REFUSED: Text("Return %(id)s refused"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Worth:
    """What a return pays back: its goods, and what is left of the shipping costs besides."""

    goods: Money
    shipping: Money


class GoodsReturns:
    """Returns of shipped units. ``window`` says how long after delivery (or else dispatch) a return
    can be asked for."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        orders: OrderService,
        units: OrderUnits,
        inventory: InventoryService,
        refunding: Refunding,
        window: Callable[[], timedelta],
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._orders = orders
        self._units = units
        self._inventory = inventory
        self._refunding = refunding
        self._window = window
        self._returns = ReturnRepository(database)

    def of_order(self, order_id: OrderId) -> list[ReturnRequest]:
        """The order's returns, the first one first."""
        return self._returns.of_order(order_id)

    def get(self, return_id: str) -> ReturnRequest:
        """The return. Raises ``NotFound``."""
        found = self._returns.find(return_id.strip().upper())
        if found is None:
            raise NotFound(Text("There is no return with this number."))
        return found

    def waiting(self, most: int = 200) -> list[ReturnRequest]:
        """Returns that staff have something to do with, the oldest first."""
        return self._returns.in_states((ReturnState.REQUESTED, ReturnState.APPROVED), most)

    def recent(
        self, states: Collection[ReturnState], most: int, after: str = ""
    ) -> list[ReturnRequest]:
        """Returns in one of these states, the newest first, from the place ``after`` on."""
        return self._returns.recent(states, after, most)

    def of_number(self, number: str) -> list[ReturnRequest]:
        """The return with this number, or those of the order with it."""
        order_number, _, count = number.strip().upper().partition("-R")
        try:
            order = self._orders.get_by_number(order_number)
        except NotFound:
            return []
        found = self.of_order(order.id)
        return [each for each in found if not count or each.id == number.strip().upper()]

    def returnable(self, order: Order) -> dict[int, int]:
        """What of an order can be sent back now, by line position."""
        return returnable_units(order, now(), self._window())

    def check(self, order: Order, units: Mapping[int, int]) -> None:
        """Raise ``NotReturnable`` if ``ask`` would."""
        wanted = {at: each for at, each in units.items() if each}
        _check(wanted, self.returnable(order))

    def ask(
        self,
        order_id: OrderId,
        units: Mapping[int, int],
        reason: ReturnReason,
        comment: str,
        *,
        key: str,
    ) -> ReturnRequest:
        """Ask for a return; the same ``key`` again is the same return. Raises ``NotReturnable``."""
        wanted = {at: each for at, each in units.items() if each}

        def work(session: Session) -> ReturnRequest:
            known = self._returns.find_requested(order_id, key, session)
            if known is not None:
                return known
            order = self._orders.get(order_id, session)
            _check(wanted, returnable_units(order, now(), self._window()))
            count = self._units.ask_back(order_id, wanted, now() - self._window(), session)
            if not count:
                raise NotReturnable(Text("These can no longer be returned."))
            moment = now()
            asked = ReturnRequest(
                id=f"{order.number}-R{count}",
                order_id=order_id,
                request_key=key,
                lines=tuple(
                    UnitLine(position=at, quantity=each) for at, each in sorted(wanted.items())
                ),
                reason=reason,
                comment=comment[:COMMENT_LENGTH],
                state=ReturnState.REQUESTED,
                answer="",
                created_at=moment,
                updated_at=moment,
            )
            self._returns.insert(asked, session)
            self._tell(asked, ReturnState.REQUESTED, session)
            return asked

        try:
            return self._database.in_transaction(work)
        except DuplicateKeyError:  # the same request at the same moment was faster
            return self._database.in_transaction(work)

    def approve(self, return_id: str, answer: str = "", *, by: str = "") -> ReturnRequest:
        """Let the goods be sent back. Raises ``ReturnMoved`` unless it is only asked for."""
        return self._move(return_id, ReturnState.APPROVED, answer, by)

    def refuse(self, return_id: str, answer: str = "", *, by: str = "") -> ReturnRequest:
        """Say no, before the goods came: they may be asked back anew. Raises ``ReturnMoved``."""
        return self._move(return_id, ReturnState.REFUSED, answer, by)

    def _move(self, return_id: str, target: ReturnState, answer: str, by: str) -> ReturnRequest:
        known = self.get(return_id)
        if known.state is target:
            return known

        def work(session: Session) -> bool:
            if not self._returns.move(known.id, target, session, answer=answer[:COMMENT_LENGTH]):
                return False
            if target is ReturnState.REFUSED:
                self._units.keep(known.order_id, known.units, session)
            self._tell(known, target, session, answer, by)
            return True

        moved = self._database.in_transaction(work)
        current = self.get(known.id)
        if not moved and current.state is not target:
            raise ReturnMoved(current.state)
        return current

    def receive(
        self,
        return_id: str,
        *,
        restock: Collection[int] = (),
        location: LocationCode | None = None,
        with_shipping: bool = False,
        by: str = "staff",
    ) -> ReturnRequest:
        """Book the goods of an approved return: those at ``restock`` positions go back on the
        shelf they left, or at a ``location``, and what was paid for all of them goes back to the
        shopper, once.

        Units that were paid back already are not paid back again. Repeating it only sends what was
        not sent. Raises ``ReturnMoved`` unless it is approved.
        """
        known = self.get(return_id)

        def work(session: Session) -> bool:
            if not self._returns.move(known.id, ReturnState.RECEIVED, session):
                return False
            self._store_refund(known, with_shipping, by, session)
            order = self._orders.get(known.order_id, session)
            back = {
                f"return:{known.id}:{at}" + (f":{part}" if part else ""): (sku, units)
                for at, quantity in known.units.items()
                if at in restock
                for part, sku, units in order.lines[at - 1].on_shelf(quantity)
            }
            self._inventory.take_back(order.id, back, session, location, sent=True)
            self._tell(known, ReturnState.RECEIVED, session, by=by)
            return True

        if known.state is ReturnState.APPROVED:
            self._database.in_transaction(work)
        current = self.get(known.id)
        if current.state is not ReturnState.RECEIVED:
            raise ReturnMoved(current.state)
        refund = self.refund_of(current)
        if refund is not None:
            self._refunding.carry_out(refund)
        return current

    def refund_of(self, known: ReturnRequest) -> Refund | None:
        """What was paid back for a return, or None."""
        refunds = self._refunding.of_order(known.order_id)
        return next((each for each in refunds if each.request_key == _refund_key(known)), None)

    def worth(self, known: ReturnRequest) -> Worth:
        """What receiving it would pay back now. Raises ``NotRefundable`` for an unpaid order."""
        order = self._orders.get(known.order_id)
        balance = self._refunding.balance(order)
        goods, whole = (
            _amount(order, balance, what_is_left_of(balance, known.units, shipping=shipping))
            for shipping in (False, True)
        )
        return Worth(goods=goods, shipping=whole - goods)

    def _store_refund(
        self, known: ReturnRequest, with_shipping: bool, by: str, session: Session
    ) -> None:
        """Store the refund of what was not paid back before, if that is anything."""
        order = self._orders.get(known.order_id, session)
        balance = self._refunding.balance(order, session)
        with suppress(NothingToRefund, PaymentDisputed):
            self._refunding.store(
                order.id,
                what_is_left_of(balance, known.units, shipping=with_shipping),
                key=_refund_key(known),
                reason=f"Return {known.id}",
                restock=False,
                by=by,
                session=session,
                of_returned=True,
            )

    def _tell(
        self,
        known: ReturnRequest,
        state: ReturnState,
        session: Session,
        answer: str = "",
        by: str = "",
    ) -> None:
        self._orders.note(
            known.order_id,
            f"return_{state}",
            _NOTES[state] % {"id": known.id},
            public=True,
            session=session,
            key=f"{known.id}:{state}",
            by=by,
        )
        payload = {
            "order_id": known.order_id,
            "return_id": known.id,
            "state": state.value,
            "answer": answer[:COMMENT_LENGTH],
        }
        self._outbox.publish(
            RETURN_MOVED, payload, session, key=f"{RETURN_MOVED}:{known.id}:{state}"
        )


def _refund_key(known: ReturnRequest) -> str:
    return f"return:{known.id}"


def _check(wanted: Mapping[int, int], possible: Mapping[int, int]) -> None:
    """Say beside its field what cannot be returned."""
    if not possible:
        raise NotReturnable(Text("Nothing of this order can be returned (any more)."))
    if not wanted:
        raise NotReturnable
    for at, quantity in wanted.items():
        most = possible.get(at, 0)
        if not 0 < quantity <= most:
            message = (
                Text("At most %(most)s of this can be returned.", most=most)
                if most
                else Text("This cannot be returned.")
            )
            raise NotReturnable(message, f"quantity-{at}")


def _amount(order: Order, balance: Balance, wish: RefundWish) -> Money:
    try:
        return parts_of(order, balance, wish).amount
    except NothingToRefund:
        return Money.zero(order.currency)
