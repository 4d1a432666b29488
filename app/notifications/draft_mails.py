"""The mail with a draft order's link. The link is read when the mail is made, no event holds it."""

from __future__ import annotations

from app.db.outbox import Event, Outbox
from app.drafts.events import DRAFT_SENT
from app.drafts.service import DraftService
from app.markets.languages import own_language
from app.markets.service import MarketService
from app.notifications.service import NotificationService
from app.shared.texts import Text, speaking


class DraftMails:
    """Handler of drafts that are sent."""

    def __init__(
        self, mails: NotificationService, drafts: DraftService, markets: MarketService
    ) -> None:
        self._mails = mails
        self._drafts = drafts
        self._markets = markets

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to drafts that are sent."""
        outbox.subscribe(DRAFT_SENT, "mail.draft", self.tell)

    def tell(self, event: Event) -> None:
        """Send the link, unless the draft is over by now, in the language of its market."""
        draft = self._drafts.get_by_id(event.payload["draft_id"])
        if draft.is_over:
            return
        market = self._markets.get(draft.market)
        with speaking(own_language(market)):
            self._mails.send(
                key=f"draft-{draft.id}-{event.payload['key']}",
                to=draft.email,
                subject=Text("Your order is ready to be paid"),
                template="emails/draft",
                goods=[(each.quantity, each.title) for each in draft.lines],
                note=draft.note,
                expires_at=draft.expires_at,
                path=draft.path,
                locale=market.locale,
            )
