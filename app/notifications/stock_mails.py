"""The mail to who waited for something that is back."""

from __future__ import annotations

from app.catalog.rules import variant_url
from app.db.outbox import Event, Outbox
from app.notifications.service import NotificationService
from app.shared.errors import NotFound
from app.shared.texts import Text, speaking
from app.stock_alerts.events import STOCK_BACK
from app.stock_alerts.models import AlertId
from app.stock_alerts.service import StockAlertService


class StockMails:
    """Handler of what stock alerts tell."""

    def __init__(
        self, mails: NotificationService, alerts: StockAlertService, base_url: str
    ) -> None:
        self._mails = mails
        self._alerts = alerts
        self._base_url = base_url

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to things that came back."""
        outbox.subscribe(STOCK_BACK, "mail.stock_back", self.tell)

    def tell(self, event: Event) -> None:
        """Write to one person, unless they, or the product, are gone meanwhile."""
        alert = self._alerts.find(AlertId(event.payload["alert_id"]))
        if alert is None:
            return
        try:
            product, variant = self._alerts.get_variant(alert.sku)
        except NotFound:
            return
        stop_url = f"{self._base_url}/stock-alerts/stop/{self._alerts.stop_token(alert)}"
        with speaking(alert.language):
            self._mails.send(
                key=f"stock-back-{alert.id}",
                to=alert.email,
                subject=Text("%(title)s is back", title=product.title),
                template="emails/back_in_stock",
                unsubscribe_url=stop_url,
                title=product.title,
                variant_title=variant.title,
                path=variant_url(product, variant.options),
                stop_url=stop_url,
            )
