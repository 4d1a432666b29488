"""What staff see and change goods, stock, promotions and orders with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.backup.service import Backups
from app.building.foundation import Foundation
from app.building.goods import Goods
from app.building.people import People
from app.building.selling import Selling
from app.catalog.bulk_editing import BulkEditing
from app.catalog.composing import Composing
from app.catalog.composing_home import HomeComposing
from app.catalog.csv.exporting import CsvExport
from app.catalog.csv.importing import CsvImport
from app.catalog.csv.jobs import ImportJobs
from app.catalog.demo import DemoLoader
from app.catalog.editing import ProductEditing
from app.catalog.previews import Previews
from app.catalog.product_finding import ProductFinder
from app.catalog.product_list import ProductList
from app.catalog.shelving import Shelving
from app.inventory.count_sheets import CountSheets
from app.inventory.locations import Locations
from app.inventory.stock_list import StockList
from app.inventory.stocktaking import Stocktaking
from app.inventory.thresholds import Thresholds
from app.inventory.transfers import Transfers
from app.orders.desk import OrderDesk
from app.promotions.checking import PromotionChecks
from app.promotions.coupons import Coupons
from app.promotions.trial import TrialItems

_DEMO = Path(__file__).resolve().parents[2] / "demo"


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """Services that only the panel and the commands use."""

    editing: ProductEditing
    bulk_editing: BulkEditing
    product_list: ProductList
    previews: Previews
    finder: ProductFinder
    shelving: Shelving
    home_composing: HomeComposing
    composing: Composing
    importer: CsvImport
    imports: ImportJobs
    export: CsvExport
    demo: DemoLoader
    locations: Locations
    stocktaking: Stocktaking
    transfers: Transfers
    stock_list: StockList
    count_sheets: CountSheets
    thresholds: Thresholds
    coupons: Coupons
    promotion_checks: PromotionChecks
    trial_items: TrialItems
    order_desk: OrderDesk
    backups: Backups


def build_panel(base: Foundation, people: People, goods: Goods, selling: Selling) -> Panel:
    """The panel's tools for these goods and sales."""
    database, catalog, inventory = base.database, goods.catalog, goods.inventory
    markets, follower, ledger = goods.markets, catalog.follower, inventory.ledger
    editing = ProductEditing(database, inventory, markets.rounding_of)
    importer = CsvImport(database, inventory, markets)
    stocktaking = Stocktaking(database, ledger)
    return Panel(
        editing=editing,
        bulk_editing=BulkEditing(editing, markets.rounding_of),
        product_list=ProductList(database, inventory),
        previews=Previews(base.shop_keys),
        finder=ProductFinder(database, catalog),
        shelving=Shelving(database, follower),
        home_composing=HomeComposing(database, follower),
        composing=Composing(database, inventory, markets, follower),
        importer=importer,
        imports=ImportJobs(database, importer, markets, catalog.packer.pack),
        export=CsvExport(database, inventory, markets),
        demo=DemoLoader(database, inventory, goods.media, markets, _DEMO),
        locations=Locations(database),
        stocktaking=stocktaking,
        transfers=stocktaking.transfers,
        stock_list=StockList(database, catalog),
        count_sheets=CountSheets(database, catalog, stocktaking),
        thresholds=Thresholds(database, ledger),
        coupons=Coupons(database),
        promotion_checks=PromotionChecks(catalog, people.groups),
        trial_items=TrialItems(catalog),
        order_desk=OrderDesk(database, base.outbox, selling.orders),
        backups=Backups(database, base.cache, goods.pictures, base.settings.backup_keys),
    )
