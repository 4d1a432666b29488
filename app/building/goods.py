"""What is sold, where, and how much of it there is."""

from __future__ import annotations

from dataclasses import dataclass

from app.building.foundation import Foundation
from app.catalog.service import CatalogService
from app.db.database import Session
from app.db.outbox import Outbox
from app.inventory.checking import StockCheck
from app.inventory.ledger import Listeners
from app.inventory.models import LowStock
from app.inventory.service import InventoryService
from app.inventory.thresholds import tell_staff
from app.markets.service import MarketService
from app.media.local import LocalMediaStore
from app.media.service import MediaService
from app.promotions.service import PromotionService
from app.providers import media_of
from app.shared.ids import Sku
from app.stock_alerts.service import StockAlertService


@dataclass(frozen=True, kw_only=True, slots=True)
class Goods:
    """Markets, catalog and stock, which tell each other what changed."""

    markets: MarketService
    catalog: CatalogService
    alerts: StockAlertService
    inventory: InventoryService
    stock_check: StockCheck
    pictures: LocalMediaStore
    media: MediaService


def build_goods(base: Foundation) -> Goods:
    """Goods on a foundation. The catalog lies below the inventory that it reads stock from, so
    they are brought together here."""
    database, settings = base.database, base.settings
    catalog = CatalogService(database)
    promotions = PromotionService(database)
    markets = MarketService(
        database, base.outbox, catalog.currencies_in, promotions.with_amounts_in
    )
    catalog.use_rounding(markets.rounding_of)
    alerts = StockAlertService(database, base.outbox, catalog, base.shop_keys)
    inventory = InventoryService(database, _listeners(base.outbox, catalog, alerts))
    catalog.use_stock(inventory)
    pictures = LocalMediaStore(settings.mossx_data_dir / "media")
    return Goods(
        markets=markets,
        catalog=catalog,
        alerts=alerts,
        inventory=inventory,
        stock_check=StockCheck(database),
        pictures=pictures,
        media=media_of(settings, pictures),
    )


def _listeners(outbox: Outbox, catalog: CatalogService, alerts: StockAlertService) -> Listeners:
    """All who are told of the stock as it changes."""

    def on_band_change(session: Session, skus: list[Sku]) -> None:
        catalog.note_stock_change(session, skus)
        alerts.note_stock_change(session, skus)

    def on_low(session: Session, low: list[LowStock]) -> None:
        tell_staff(outbox, session, low)

    def on_arrival(session: Session, skus: list[Sku]) -> None:
        catalog.selling.end_arrived(session, skus)

    return Listeners(on_band_change=on_band_change, on_low=on_low, on_arrival=on_arrival)
