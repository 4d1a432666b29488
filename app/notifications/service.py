"""Which event sends which message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment

from app.checkout.events import PAYMENT_RETURNED, REFUND_RETURNED, REFUNDED
from app.checkout.service import order_path
from app.db.database import Database
from app.db.outbox import Event, Outbox
from app.notifications.kinds import KINDS
from app.notifications.mail import Mailer, MailRefused, compose
from app.notifications.repository import SentMessages
from app.notifications.wording import MailWordings, Wording
from app.orders.events import CONFIRMATION_ASKED, ORDER_PAID
from app.orders.models import Order
from app.orders.service import OrderService
from app.pages.service import ContentPages
from app.shared.emails import is_erased
from app.shared.ids import OrderId
from app.shared.money import Money
from app.shared.texts import Text, current_language, from_words, speaking
from app.shop.profile import ShopProfiles


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A message as it is sent."""

    subject: str
    text: str
    html: str


class NotificationService:
    """Writes and sends the shop's messages, each once as far as the mail system allows."""

    def __init__(
        self,
        database: Database,
        orders: OrderService,
        mailer: Mailer,
        templates: Environment,
        base_url: str,
        wordings: MailWordings,
        profiles: ShopProfiles,
        content: ContentPages,
    ) -> None:
        self._sent = SentMessages(database)
        self._orders = orders
        self._mailer = mailer
        self._templates = templates
        self._base_url = base_url
        self.wordings = wordings
        self._profiles = profiles
        self._content = content
        self._domain = urlsplit(base_url).hostname or "localhost"

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to what shoppers are told about."""
        outbox.subscribe(ORDER_PAID, "mail.order_confirmation", self.confirm_order)
        outbox.subscribe(CONFIRMATION_ASKED, "mail.confirmation_again", self.confirm_order)
        outbox.subscribe(REFUNDED, "mail.refunded", self.tell_refunded)
        outbox.subscribe(REFUND_RETURNED, "mail.refund_returned", self.tell_refund_returned)
        outbox.subscribe(PAYMENT_RETURNED, "mail.payment_returned", self.tell_payment_returned)

    def confirm_order(self, event: Event) -> None:
        """Send the order confirmation, once to each address that the order had; once more for each
        key with which staff ask for it."""
        order = self._orders.get(OrderId(event.payload["order_id"]))
        key = event.payload.get("key", order.confirmation_key)
        self.send_about(
            order,
            key=f"order-confirmation-{order.id}{key}",
            subject=Text("Your order %(number)s", number=order.number),
            template="emails/order_confirmation",
        )

    def tell_payment_returned(self, event: Event) -> None:
        """Tell the shopper that a payment was not kept, and where the money is."""
        order = self._orders.get(OrderId(event.payload["order_id"]))
        fate = event.payload.get("fate", "")
        self.send_about(
            order,
            key="-".join(filter(None, ("payment-returned", event.payload["payment_id"], fate))),
            subject=Text("About a payment for your order %(number)s", number=order.number),
            template="emails/payment_returned",
            message=from_words(event.payload["message"], event.payload.get("words")),
        )

    def tell_refunded(self, event: Event) -> None:
        """Tell the shopper that money is on its way back."""
        order = self._orders.get(OrderId(event.payload["order_id"]))
        self.send_about(
            order,
            key=f"refunded-{event.payload['refund_id']}".replace(":", "-"),
            subject=Text("Your refund for order %(number)s", number=order.number),
            template="emails/refunded",
            amount=Money(event.payload["amount"], order.currency),
            to_credit=Money(event.payload.get("to_credit", 0), order.currency),
        )

    def tell_refund_returned(self, event: Event) -> None:
        """Tell the shopper that the money is not on its way any more."""
        order = self._orders.get(OrderId(event.payload["order_id"]))
        self.send_about(
            order,
            key=f"refund-returned-{event.payload['refund_id']}".replace(":", "-"),
            subject=Text("Your refund for order %(number)s did not arrive", number=order.number),
            template="emails/refund_returned",
            amount=Money(event.payload["amount"], order.currency),
        )

    def send_about(self, order: Order, **message: Any) -> None:
        """Send a message about an order to its shopper, in its language; the rest as ``send``. What
        the mail server refuses is on the order's timeline, where staff look for it."""
        with speaking(order.language):
            try:
                self.send(to=order.email, order=order, order_url=self._link(order), **message)
            except MailRefused as refusal:
                self.note_refused(order.id, message["key"], message["subject"], refusal)
                raise

    def note_refused(self, order_id: OrderId, key: str, subject: str, refusal: MailRefused) -> None:
        """Have staff see on an order's timeline that a mail about it was not taken."""
        said = Text(
            "Mail “%(subject)s” was not delivered: the address is refused (%(answer)s)",
            subject=subject,
            answer=str(refusal),
        )
        self._orders.note(order_id, "mail", said, key=f"mail-refused:{key}")

    def _link(self, order: Order) -> str:
        return self._base_url + order_path(order.number, order.access_token)

    def send(
        self,
        *,
        key: str,
        to: str,
        subject: str,
        template: str,
        kind: str = "",
        unsubscribe_url: str = "",
        **context: Any,
    ) -> None:
        """Render and send in the language that is spoken, unless this very message went out before.

        ``kind`` is the mail's name where it is not its template's. ``unsubscribe_url`` takes a POST
        from whoever wants no more of its kind. A crash between sending and noting it sends it
        again, under the same Message-ID.
        """
        if is_erased(to) or self._sent.has(key):
            return
        written = self.write(kind or template.rsplit("/", 1)[-1], subject, template, context)
        profile = self._profiles.current
        domain = self._domain if "." in self._domain else f"{self._domain}.invalid"
        message = compose(
            key=key,
            to=to,
            sender=f"orders@{domain}",
            shop=profile.name,
            reply_to=profile.contact,
            subject=written.subject,
            text=written.text,
            html=written.html,
            domain=domain,
            unsubscribe_url=unsubscribe_url,
        )
        self._mailer.send(key, message)
        self._sent.note(key)

    def write(
        self,
        kind: str,
        subject: str,
        template: str,
        context: Mapping[str, Any],
        wording: Wording | None = None,
    ) -> Written:
        """A message in the language that is spoken, in the owner's own words where there are some,
        or in those of ``wording``."""
        order: Order | None = context.get("order")
        known = {
            "shop_name": self._profiles.current.name,
            "base_url": self._base_url,
            "pages": self._content.at_checkout(order.market if order else ""),
            **context,
        }
        stored = self.wordings.find(kind, current_language()) if wording is None else wording
        own = stored.filled(KINDS[kind].values(known))
        known |= {"language": current_language(), "wording": own}
        return Written(
            subject=own.subject or str(subject),
            text=self._templates.get_template(f"{template}.txt").render(known),
            html=self._templates.get_template(f"{template}.html").render(known),
        )
