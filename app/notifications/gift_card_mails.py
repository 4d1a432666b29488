"""The mail with a gift card's code, which is nowhere else."""

from __future__ import annotations

import structlog

from app.credit.codes import show_code
from app.credit.events import GIFT_CARD_ISSUED
from app.credit.service import CreditService
from app.db.outbox import Event, Outbox
from app.notifications.mail import MailRefused
from app.notifications.service import NotificationService
from app.shared.ids import CreditId, OrderId
from app.shared.texts import Text

_SUBJECT = Text("Your gift card")
_log = structlog.get_logger()


class GiftCardMails:
    """Handler of issued gift cards."""

    def __init__(self, mails: NotificationService, credit: CreditService) -> None:
        self._mails = mails
        self._credit = credit

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to cards that are issued to somebody."""
        outbox.subscribe(GIFT_CARD_ISSUED, "mail.gift_card", self.tell)

    def tell(self, event: Event) -> None:
        """Send the code to whom the card is for; its text is made anew each time."""
        payload = event.payload
        account = self._credit.get(CreditId(payload["credit_id"]))
        code = self._credit.code_of(account)
        if not code:
            _log.error("gift_card_code_lost", credit_id=account.id)  # the secret was changed
            return
        key = f"gift-card-{account.id}".replace(":", "-")
        try:
            self._mails.send(
                key=key,
                to=payload["email"],
                subject=_SUBJECT,
                template="emails/gift_card",
                amount=account.issued,
                code=show_code(code),
                sender=payload["sender"],
                message=payload["message"],
                locale=payload["locale"],
                good_until=account.good_until,
            )
        except MailRefused as refusal:
            if payload.get("order_id"):
                self._mails.note_refused(OrderId(payload["order_id"]), key, _SUBJECT, refusal)
            raise
