"""Building the services, lowest layer first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from jinja2 import Environment

from app.account.leaving import Leaving
from app.analytics.counting import SalesCounting
from app.analytics.folding import VisitFolding
from app.analytics.service import AnalyticsService
from app.analytics.subscriptions import AnalyticsSubscriptions
from app.analytics.visits import Visits
from app.audit_log.service import AuditLog
from app.cart.service import CartService
from app.catalog.bulk_editing import BulkEditing
from app.catalog.composing import Composing
from app.catalog.composing_home import HomeComposing
from app.catalog.csv.exporting import CsvExport
from app.catalog.csv.importing import CsvImport
from app.catalog.csv.jobs import ImportJobs
from app.catalog.demo import DemoLoader
from app.catalog.editing import ProductEditing
from app.catalog.pages import CatalogPages
from app.catalog.previews import Previews
from app.catalog.product_finding import ProductFinder
from app.catalog.product_list import ProductList
from app.catalog.repricing import Repricing
from app.catalog.service import CatalogService
from app.catalog.shelving import Shelving
from app.catalog.sitemap import Sitemap
from app.checkout.audit import Audit
from app.checkout.audit_runs import AuditRuns
from app.checkout.card_issuing import CardIssuing
from app.checkout.crediting import Crediting
from app.checkout.draft_following import DraftFollowing
from app.checkout.placing import Placing
from app.checkout.reconciliation import Reconciler
from app.checkout.refund_credit import RefundCredit
from app.checkout.refunding import Refunding
from app.checkout.repairs import Repairs
from app.checkout.service import CheckoutService
from app.checkout.settlement import Settlement
from app.checkout.subscriptions import CheckoutSubscriptions
from app.config import Settings
from app.credit.givebacks import GiveBacks
from app.credit.holds import CreditHolds
from app.credit.service import CreditService
from app.credit.sources import CreditSources
from app.customers.figures import CustomerFigures
from app.customers.service import CustomerService
from app.customers.subscriptions import CustomerSubscriptions
from app.db.cache import Cache
from app.db.database import Database, Session
from app.db.idempotency import IdempotencyKeys
from app.db.outbox import Outbox
from app.db.schedules import Schedules
from app.drafts.service import DraftService
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.models import Seller
from app.fulfilment.papers import PaperWriter
from app.fulfilment.returns import GoodsReturns
from app.fulfilment.shipping import Shipping
from app.groups.service import GroupService
from app.identity.address_book import AddressBook
from app.identity.invitations import Invitations
from app.identity.links import LinkService
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.identity.signing import SigningKeys
from app.identity.staffing import Staffing
from app.identity.two_factor import TwoFactor
from app.inventory.checking import StockCheck
from app.inventory.count_sheets import CountSheets
from app.inventory.ledger import Listeners
from app.inventory.locations import Locations
from app.inventory.models import LowStock
from app.inventory.service import InventoryService
from app.inventory.stock_list import StockList
from app.inventory.stocktaking import Stocktaking
from app.inventory.thresholds import Thresholds, tell_staff
from app.markets.context import format_day, format_money
from app.markets.service import MarketService
from app.media.local import LocalMediaStore
from app.notifications.draft_mails import DraftMails
from app.notifications.gift_card_mails import GiftCardMails
from app.notifications.identity_mails import IdentityMails
from app.notifications.invitation_mails import InvitationMails
from app.notifications.order_mails import OrderMails
from app.notifications.service import NotificationService
from app.notifications.staff_mails import StaffMails
from app.notifications.stock_mails import StockMails
from app.notifications.wording import MailWordings
from app.orders.desk import OrderDesk
from app.orders.service import OrderService
from app.orders.units import OrderUnits
from app.payments.gateways.switchboard import Switchboard
from app.payments.inbox import WebhookInbox
from app.payments.keyring import KeyRing
from app.payments.refunds import RefundService
from app.payments.service import PaymentService
from app.promotions.checking import PromotionChecks
from app.promotions.coupons import Coupons
from app.promotions.discounts import DiscountService
from app.promotions.service import PromotionService
from app.promotions.tallies import UsageTallies
from app.promotions.trial import TrialItems
from app.promotions.usage import UsageService
from app.providers import environment_keys, gateway_builders, mailer, media_of, profile
from app.recommendations.counting import OrderCounting
from app.recommendations.refreshing import ListRefresh
from app.recommendations.service import RecommendationService
from app.recommendations.subscriptions import CompanionSubscriptions
from app.reviews.service import ReviewService
from app.shared.ids import Sku
from app.shop.profile import ShopProfiles
from app.shop.service import StoredSettings
from app.stock_alerts.service import StockAlertService
from app.wishlists.service import WishlistService
from app.worker import Job, Worker

_DEMO = Path(__file__).resolve().parents[1] / "demo"
_RECONCILE_EVERY = timedelta(seconds=15)
_AUDIT_EVERY = timedelta(minutes=10)
_RELEASE_EVERY = timedelta(seconds=30)
_MARK_EVERY = timedelta(minutes=10)
_PACK_EVERY = timedelta(minutes=2)
_IMPORT_EVERY = timedelta(seconds=1)
_LEARN_EVERY = timedelta(seconds=2)
_COUNT_EVERY = timedelta(seconds=1)
_FOLD_EVERY = timedelta(seconds=20)


def build_services(settings: Settings, templates: Environment) -> tuple[object, ...]:
    """Every service of the shop, wired; nothing connects before it is used."""
    database = Database(settings.mongodb_uri)
    cache = Cache(settings.redis_url)
    outbox = Outbox(database)
    accounts = AccountService(database, outbox)
    sessions = SessionService(database, cache, outbox, settings.signing_key)
    links = LinkService(database, outbox, accounts, sessions, settings.signing_key)
    two_factor = TwoFactor(
        database, outbox, settings.signing_key, staff_must=settings.is_production
    )
    catalog = CatalogService(database)
    markets = MarketService(database, outbox, catalog.currencies_in)
    stored = StoredSettings(database)
    profiles = ShopProfiles(stored, profile(settings))
    catalog.use_rounding(markets.rounding_of)
    alerts = StockAlertService(database, outbox, catalog, settings.signing_key)
    inventory = _inventory(database, outbox, catalog, alerts)
    stock_check = StockCheck(database)
    editing = ProductEditing(database, inventory, markets.rounding_of)
    orders = OrderService(database, outbox)
    groups = GroupService(database, outbox)
    discounts = DiscountService(database, catalog, orders, format_money, groups)
    usage = UsageService(database)
    carts = CartService(database, catalog, inventory, discounts, format_money)
    switchboard = Switchboard(
        KeyRing(stored, settings.signing_key, environment_keys(settings)),
        gateway_builders(settings),
    )
    payments = PaymentService(database, switchboard, settings.base_url)
    refunds = RefundService(database, switchboard)
    units = OrderUnits(database)
    credit = CreditService(database, outbox, settings.signing_key)
    holds = CreditHolds(database)
    refunding = Refunding(
        database,
        outbox,
        orders,
        inventory,
        payments,
        refunds,
        units,
        RefundCredit(credit, GiveBacks(database)),
        format_money,
    )
    settlement = Settlement(database, outbox, carts, inventory, usage, holds, orders, payments)
    keys = IdempotencyKeys(database)
    promotions = PromotionService(database)
    drafts = DraftService(database, outbox, carts, promotions, markets)
    placing = Placing(
        database,
        keys,
        carts,
        inventory,
        usage,
        holds,
        orders,
        payments,
        settlement,
        drafts,
        settings.base_url,
    )
    reconciler = Reconciler(
        database, settlement, payments, orders, inventory, usage, holds, refunding
    )
    wishlists = WishlistService(database, catalog)
    customers = CustomerService(database, orders)
    reviews = ReviewService(database, catalog, orders)
    mail = NotificationService(
        database,
        orders,
        mailer(settings),
        templates,
        settings.base_url,
        MailWordings(stored),
        profiles,
    )
    pictures = LocalMediaStore(settings.mossx_data_dir / "media")
    media = media_of(settings, pictures)
    shipping = Shipping(database, outbox, orders, units, inventory)
    cancelling, returns, invoicing = _after_buying(
        profiles, database, outbox, orders, units, inventory, payments, settlement, refunding
    )
    recommendations = RecommendationService(database, catalog)
    counting = OrderCounting(database, orders)
    for handlers in (
        Repricing(database, inventory, markets),
        CheckoutSubscriptions(settlement, payments, orders, catalog, refunding),
        CompanionSubscriptions(counting),
        mail,
        alerts,
        invoicing,
        CardIssuing(database, orders, credit),
        DraftFollowing(drafts, orders),
        IdentityMails(mail, accounts, links),
        GiftCardMails(mail, credit),
        OrderMails(mail, orders, shipping, returns),
        StockMails(mail, alerts, settings.base_url),
        StaffMails(mail, accounts, catalog),
        DraftMails(mail, drafts, markets),
    ):
        handlers.subscribe(outbox)
    audit = Audit(settlement, refunding, payments, orders, credit, stock_check)
    sales, runs, repairs = _reports(
        database, outbox, orders, payments, refunds, refunding, settlement, audit
    )
    imports, *shelving = _catalog_editing(database, inventory, markets, catalog)
    jobs = (
        Job(name="reconcile", every=_RECONCILE_EVERY, run=reconciler.run),
        Job(name="audit", every=_AUDIT_EVERY, run=runs.ask),
        Job(name="audit run", every=_COUNT_EVERY, run=runs.work),
        Job(name="pre-orders", every=_RELEASE_EVERY, run=catalog.selling.end_pre_orders),
        Job(name="count sales", every=_COUNT_EVERY, run=sales.run),
        Job(name="fold visits", every=_FOLD_EVERY, run=VisitFolding(database, cache).run),
        Job(name="mark customers", every=_MARK_EVERY, run=customers.note_marks),
        Job(name="pack catalog", every=_PACK_EVERY, run=catalog.packer.run),
        Job(name="imports", every=_IMPORT_EVERY, run=imports.run),
        Job(name="count_companions", every=_LEARN_EVERY, run=counting.run),
        Job(name="count promotions", every=_LEARN_EVERY, run=UsageTallies(database).run),
        Job(name="list_companions", every=_LEARN_EVERY, run=ListRefresh(database, catalog).run),
    )
    return (
        database,
        cache,
        SigningKeys(settings.token_keys),
        accounts,
        sessions,
        links,
        two_factor,
        AddressBook(database),
        Leaving(
            database,
            accounts,
            sessions,
            carts,
            orders,
            reviews,
            wishlists,
            alerts,
            credit,
            groups,
            customers,
        ),
        groups,
        customers,
        *_people(settings, database, outbox, accounts, sessions, groups, markets, mail),
        pictures,
        media,
        CsvExport(database, inventory, markets),
        DemoLoader(database, inventory, media, markets, _DEMO),
        outbox,
        AuditLog(database),
        markets,
        catalog,
        Sitemap(database, catalog),
        imports,
        *shelving,
        editing,
        BulkEditing(editing, markets.rounding_of),
        ProductList(database, inventory),
        Previews(settings.signing_key),
        inventory,
        *_stock_by_hand(database, catalog, inventory),
        stock_check,
        Coupons(database),
        UsageTallies(database),
        PromotionChecks(catalog, groups),
        TrialItems(catalog),
        promotions,
        drafts,
        discounts,
        usage,
        credit,
        Crediting(CreditSources(database), payments),
        carts,
        orders,
        OrderDesk(database, outbox, orders),
        switchboard,
        payments,
        refunds,
        WebhookInbox(database, outbox, switchboard),
        switchboard.keyring,
        stored,
        profiles,
        mail.wordings,
        settlement,
        CheckoutService(keys, placing, orders, payments, outbox),
        refunding,
        reconciler,
        audit,
        runs,
        repairs,
        shipping,
        cancelling,
        returns,
        invoicing,
        PaperWriter(format_money, format_day),
        recommendations,
        reviews,
        wishlists,
        alerts,
        CatalogPages(catalog, recommendations),
        counting,
        sales,
        AnalyticsService(database),
        Visits(cache, markets, settings.signing_key),
        mail,
        Schedules(database),
        Worker(outbox, Schedules(database), jobs),
    )


def _people(
    settings: Settings,
    database: Database,
    outbox: Outbox,
    accounts: AccountService,
    sessions: SessionService,
    groups: GroupService,
    markets: MarketService,
    mail: NotificationService,
) -> tuple[object, ...]:
    """Who works here, and what is counted of who buys here."""
    staffing = Staffing(database, outbox, accounts, sessions)
    invitations = Invitations(database, outbox, accounts, staffing, settings.signing_key)
    InvitationMails(mail, invitations).subscribe(outbox)
    figures = CustomerFigures(database, accounts, groups)
    CustomerSubscriptions(database, figures, markets).subscribe(outbox)
    return staffing, invitations, figures


def _inventory(
    database: Database, outbox: Outbox, catalog: CatalogService, alerts: StockAlertService
) -> InventoryService:
    """The stock, and all who are told of it as it changes."""

    def on_band_change(session: Session, skus: list[Sku]) -> None:
        catalog.note_stock_change(session, skus)
        alerts.note_stock_change(session, skus)

    def on_low(session: Session, low: list[LowStock]) -> None:
        tell_staff(outbox, session, low)

    def on_arrival(session: Session, skus: list[Sku]) -> None:
        catalog.selling.end_arrived(session, skus)

    listeners = Listeners(on_band_change=on_band_change, on_low=on_low, on_arrival=on_arrival)
    inventory = InventoryService(database, listeners)
    catalog.use_stock(inventory)
    return inventory


def _reports(
    database: Database,
    outbox: Outbox,
    orders: OrderService,
    payments: PaymentService,
    refunds: RefundService,
    refunding: Refunding,
    settlement: Settlement,
    audit: Audit,
) -> tuple[SalesCounting, AuditRuns, Repairs]:
    """What counts sales, and what compares the books with the gateways."""
    sales = SalesCounting(database, orders, payments, refunds)
    AnalyticsSubscriptions(sales).subscribe(outbox)
    runs = AuditRuns(database, audit, payments, refunding)
    repairs = Repairs(database, outbox, runs, settlement, refunding, orders, payments)
    repairs.subscribe(outbox)
    return sales, runs, repairs


def _catalog_editing(
    database: Database,
    inventory: InventoryService,
    markets: MarketService,
    catalog: CatalogService,
) -> tuple[ImportJobs, CsvImport, ProductFinder, Shelving, HomeComposing, Composing]:
    """What staff change the catalog by."""
    importer = CsvImport(database, inventory, markets)
    return (
        ImportJobs(database, importer, markets, catalog.packer.pack),
        importer,
        ProductFinder(database, catalog),
        Shelving(database, catalog.follower),
        HomeComposing(database, catalog.follower),
        Composing(database, inventory, markets, catalog.follower),
    )


def _stock_by_hand(
    database: Database, catalog: CatalogService, inventory: InventoryService
) -> tuple[object, ...]:
    """What staff see and change stock with."""
    stocktaking = Stocktaking(database, inventory.ledger)
    return (
        Locations(database),
        stocktaking,
        stocktaking.transfers,
        StockList(database, catalog),
        CountSheets(database, catalog, stocktaking),
        Thresholds(database, inventory.ledger),
    )


def _after_buying(
    profiles: ShopProfiles,
    database: Database,
    outbox: Outbox,
    orders: OrderService,
    units: OrderUnits,
    inventory: InventoryService,
    payments: PaymentService,
    settlement: Settlement,
    refunding: Refunding,
) -> tuple[Cancelling, GoodsReturns, Invoicing]:
    """What happens to paid orders, by the shop's own rules."""
    cancelling = Cancelling(
        database,
        orders,
        inventory,
        payments,
        settlement,
        refunding,
        lambda: profiles.current.cancel_window,
    )
    returns = GoodsReturns(
        database,
        outbox,
        orders,
        units,
        inventory,
        refunding,
        lambda: profiles.current.return_window,
    )

    def seller() -> Seller:
        return Seller(lines=profiles.current.seller, tax_id=profiles.current.tax_id)

    invoicing = Invoicing(database, orders, refunding, seller)
    return cancelling, returns, invoicing
