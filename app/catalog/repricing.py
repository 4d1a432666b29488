"""Listed prices of bundles, after a market has changed how it rounds."""

from __future__ import annotations

from app.catalog.repository import CatalogRepository
from app.catalog.stock import StockWriter
from app.catalog.writing import ProductWriter
from app.db.database import Database, Session
from app.db.outbox import Event, Outbox
from app.markets.events import MARKET_CHANGED
from app.markets.service import MarketService


class Repricing:
    """Hears of changed markets. Carts need it not: they work out a bundle's price themselves."""

    def __init__(self, database: Database, stock: StockWriter, markets: MarketService) -> None:
        self._database = database
        self._markets = markets
        self._catalog = CatalogRepository(database)
        self._writer = ProductWriter(self._catalog, stock, markets.rounding_of)

    def subscribe(self, outbox: Outbox) -> None:
        """Reprice when a market changed."""
        outbox.subscribe(MARKET_CHANGED, "catalog.reprice", self.on_market)

    def on_market(self, event: Event) -> None:
        """Give every bundle that is a share off the price it has now."""
        self._markets.follower.renew()

        def work(session: Session) -> None:
            bundles = self._catalog.percent_bundles(session)
            if bundles:
                self._writer.reprice(bundles, session)

        self._database.in_transaction(work)
