"""The mails to staff."""

from __future__ import annotations

from app.catalog.service import CatalogService
from app.db.outbox import Event, Outbox
from app.identity.models import Role
from app.identity.service import AccountService
from app.inventory.events import STOCK_LOW
from app.notifications.mail import MailRefused
from app.notifications.service import NotificationService
from app.shared.ids import Sku
from app.shared.languages import DEFAULT
from app.shared.texts import speaking

_WHO = (Role.OWNER, Role.MANAGER)  # who buys in


class StaffMails:
    """Handler of what staff must know of."""

    def __init__(
        self, mails: NotificationService, accounts: AccountService, catalog: CatalogService
    ) -> None:
        self._mails = mails
        self._accounts = accounts
        self._catalog = catalog

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to stock that runs low."""
        outbox.subscribe(STOCK_LOW, "mail.stock_low", self.tell_low)

    def tell_low(self, event: Event) -> None:
        """Name everything that fell to its threshold at one moment."""
        with speaking(DEFAULT):  # as everything for staff
            self._send_low(event)

    def _send_low(self, event: Event) -> None:
        stock = event.payload["stock"]
        names = self._catalog.names_of(Sku(each["sku"]) for each in stock)
        rows = [{**each, "name": _name(names.get(each["sku"]), each["sku"])} for each in stock]
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        refused: MailRefused | None = None
        for account in self._accounts.in_roles(_WHO):
            try:
                self._mails.send(
                    key=f"stock-low-{event.id}-{account.id}",
                    to=account.email,
                    subject=f"Running low: {rows[0]['name']}{more}",
                    template="emails/stock_low",
                    rows=rows,
                )
            except MailRefused as refusal:  # the others are told all the same
                refused = refusal
        if refused:
            raise refused


def _name(known: tuple[str, str] | None, sku: str) -> str:
    if known is None:
        return sku
    return f"{known[0]} ({known[1]})" if known[1] else known[0]
