"""Gift cards that nobody took: sending them to the address that was meant."""

from __future__ import annotations

from dataclasses import asdict, replace

from app.checkout.sold_cards import recipient_of, sold_cards
from app.credit.models import Cause, CreditAccount, Recipient
from app.credit.service import CreditService
from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.texts import Text


class CardSending:
    """Joins the card, the order that sold it, and the mail that was refused."""

    def __init__(
        self, database: Database, outbox: Outbox, orders: OrderService, credit: CreditService
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._orders = orders
        self._credit = credit

    def send_elsewhere(self, card: CreditAccount, event_id: str, email: str, *, by: str) -> bool:
        """Send a card whose mail was given up, ``event_id``, to another address; False if nothing
        of it is (any more), so that of two who do so one does.

        Only one that nobody took: whoever has the mail has the code, and can spend the card. The
        words with a card that no order sold are forgotten after a day, and then not sent along.
        """
        order = self._order_of(card)
        at = _position(order, card) if order else 0

        def work(session: Session) -> bool:
            instead = {"email": email}
            if order and at:
                known = replace(recipient_of(order, order.lines[at - 1]), email=email)
                instead = _words(known)
            if not self._outbox.try_again(event_id, session, instead, credit_id=card.id):
                return False
            if order:
                said = Text("%(card)s is sent to %(email)s instead", card=card.label, email=email)
                self._orders.note(order.id, "mail", said, session=session, by=by)
            if order and at:
                self._orders.correct_gift_email(order, at, email, session)
            return True

        return self._database.in_transaction(work)

    def _order_of(self, card: CreditAccount) -> Order | None:
        entries = self._credit.history(card.id)
        sold = next((each.order_id for each in entries if each.cause is Cause.ISSUE), None)
        return self._orders.get(sold) if sold else None


def _position(order: Order, card: CreditAccount) -> int:
    """Of the line that sold the card, from 1; 0 for none."""
    lines = range(1, len(order.lines) + 1)
    return next((at for at in lines if card.id in sold_cards(order, at)), 0)


def _words(recipient: Recipient) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(recipient).items()}
