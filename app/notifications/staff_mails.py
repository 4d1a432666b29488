"""The mails to staff."""

from __future__ import annotations

from app.catalog.service import CatalogService
from app.db.outbox import Event, Outbox
from app.identity.models import Role
from app.identity.service import AccountService
from app.inventory.events import STOCK_LOW
from app.notifications.service import NotificationService
from app.shared.ids import AccountId, Sku
from app.shared.languages import DEFAULT
from app.shared.texts import speaking

_STOCK_LOW_TOLD = "notifications.stock_low_told"  # account_id, stock as STOCK_LOW, key
_WHO = (Role.OWNER, Role.MANAGER)  # who buys in


class StaffMails:
    """Handler of what staff must know of."""

    def __init__(
        self,
        mails: NotificationService,
        outbox: Outbox,
        accounts: AccountService,
        catalog: CatalogService,
    ) -> None:
        self._mails = mails
        self._outbox = outbox
        self._accounts = accounts
        self._catalog = catalog

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to stock that runs low."""
        outbox.subscribe(STOCK_LOW, "mail.stock_low", self.tell_low)
        outbox.subscribe(_STOCK_LOW_TOLD, "mail.stock_low_told", self.tell_one)

    def tell_low(self, event: Event) -> None:
        """Have everybody told who buys in. Each has an event of their own: several mails to a slow
        mail server would take longer than an event is leased, and be sent by others, too."""
        for account in self._accounts.in_roles(_WHO):
            key = f"stock-low-{event.id}-{account.id}"
            payload = {"account_id": account.id, "stock": event.payload["stock"], "key": key}
            with speaking(DEFAULT):  # as everything for staff
                self._outbox.publish(_STOCK_LOW_TOLD, payload, key=key)

    def tell_one(self, event: Event) -> None:
        """Name what fell to its threshold at one moment to somebody who still works here."""
        account = self._accounts.find(AccountId(event.payload["account_id"]))
        if account is None or account.role not in _WHO:
            return
        stock = event.payload["stock"]
        names = self._catalog.names_of(Sku(each["sku"]) for each in stock)
        rows = [{**each, "name": _name(names.get(each["sku"]), each["sku"])} for each in stock]
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        self._mails.send(
            key=event.payload["key"],
            to=account.email,
            subject=f"Running low: {rows[0]['name']}{more}",
            template="emails/stock_low",
            rows=rows,
        )


def _name(known: tuple[str, str] | None, sku: str) -> str:
    if known is None:
        return sku
    return f"{known[0]} ({known[1]})" if known[1] else known[0]
