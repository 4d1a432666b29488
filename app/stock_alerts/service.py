"""Waiting for a SKU, and telling who waits.

Stock that moves is noted in its own transaction, but only where somebody waits. Who begins to wait
while it moves may be seen by neither side, so each who begins has the stock looked at once more
when every transaction of that moment is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from itsdangerous import BadData, URLSafeSerializer

from app.catalog.models import Product, Variant
from app.catalog.policies import Standing, standing_of
from app.catalog.service import CatalogService
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Event, Outbox
from app.shared.clock import now
from app.shared.errors import Invalid, NotFound
from app.shared.ids import Sku, new_id
from app.shared.shop_keys import ShopKeys
from app.shared.texts import Text, current_language
from app.stock_alerts.events import STOCK_BACK, STOCK_MOVED
from app.stock_alerts.models import Alert, AlertId
from app.stock_alerts.repository import AlertRepository

_LIFE = timedelta(days=180)  # nobody is kept on file longer
_LOOK_AGAIN = timedelta(minutes=1)  # longer than any transaction lasts
_FEW = 50  # SKUs that are worth asking about; more are an import, which is noted anyway
_BATCH = 50  # people told of in one transaction


class InStockAlready(Invalid):
    """There is nothing to wait for."""

    def __init__(self) -> None:
        super().__init__(Text("It is in stock: you can buy it now."))


class StockAlertService:
    """Who waits for what."""

    def __init__(
        self, database: Database, outbox: Outbox, catalog: CatalogService, keys: ShopKeys
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._catalog = catalog
        self._alerts = AlertRepository(database)
        self._signer = URLSafeSerializer(keys.for_signer(), salt="stock-alert")

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to stock that moves."""
        outbox.subscribe(STOCK_MOVED, "stock_alerts.call", self.call)

    def get_variant(self, sku: Sku) -> tuple[Product, Variant]:
        """What can be waited for. Raises ``NotFound``."""
        found = self._catalog.get_variants([sku]).get(sku)
        if found is None:
            raise NotFound(Text("We could not find this product."))
        return found

    # --- waiting --------------------------------------------------------------------------------

    def wait(self, sku: Sku, email: str) -> None:
        """Tell this address, in its normal spelling, when the SKU is back; asking twice is asking
        once. Raises ``NotFound`` for what is not sold, ``InStockAlready``."""
        _, variant = self.get_variant(sku)
        if _is_there(variant, self._catalog.available([sku])):
            raise InStockAlready
        if self._alerts.is_waiting(sku, email):
            return
        alert = Alert(
            id=AlertId(new_id("alr")),
            sku=sku,
            email=email,
            waiting=True,
            language=current_language(),
        )

        def work(session: Session) -> None:
            self._alerts.insert(alert, now() + _LIFE, session)
            self._outbox.publish(STOCK_MOVED, {"skus": [sku]}, session, delay=_LOOK_AGAIN)

        try:
            self._database.in_transaction(work)
        except DuplicateKeyError:
            return

    def waits_for(self, email: str) -> list[Sku]:
        """What an address waits for."""
        return [alert.sku for alert in self._alerts.of_email(email)]

    def stop_token(self, alert: Alert) -> str:
        """For the link that ends it; names nobody."""
        return str(self._signer.dumps(alert.id))

    def find_by_token(self, token: str) -> Alert:
        """The alert that such a link is about. Raises ``NotFound``."""
        try:
            alert = self._alerts.find(AlertId(str(self._signer.loads(token))))
        except BadData:
            alert = None
        if alert is None:
            raise NotFound(Text("This link is not valid any more."))
        return alert

    def stop(self, token: str) -> None:
        """The address waits for nothing any more. Raises ``NotFound``."""
        self._alerts.end_all(self.find_by_token(token).email)

    def forget(self, email: str, session: Session) -> None:
        """Delete everything about an address."""
        self._alerts.delete_all(email, session)

    # --- telling --------------------------------------------------------------------------------

    def note_stock_change(self, session: Session, skus: list[Sku]) -> None:
        """Have those who wait told, if these SKUs came back with this transaction."""
        if len(skus) > _FEW or self._alerts.anybody_waits(skus, session):
            self._outbox.publish(STOCK_MOVED, {"skus": list(skus)}, session)

    def call(self, event: Event) -> None:
        """Have everybody told who waits for what is there again; told once, if repeated too."""
        sold = self._catalog.get_variants(self._alerts.waited_for(event.payload["skus"]))
        stock = self._catalog.available(sold)
        for sku, (_, variant) in sold.items():
            while _is_there(variant, stock) and self._call_some(sku):
                pass

    def _call_some(self, sku: Sku) -> bool:
        """Hand over some of those who wait for a SKU, and say whether there were any."""

        def work(session: Session) -> bool:
            waiting = self._alerts.waiting(sku, _BATCH, session)
            for alert in waiting:
                if self._alerts.end(alert, session):
                    self._outbox.publish(
                        STOCK_BACK,
                        {"alert_id": alert.id},
                        session,
                        key=f"{STOCK_BACK}:{alert.id}",
                    )
            return bool(waiting)

        return self._database.in_transaction(work)

    def find(self, alert_id: AlertId) -> Alert | None:
        """The alert, or None once it is forgotten."""
        return self._alerts.find(alert_id)


def _is_there(variant: Variant, stock: Mapping[Sku, int]) -> bool:
    """Whether there is nothing to wait for: it can be bought."""
    return standing_of(variant, stock) is not Standing.OUT
