"""What counts sales and visits, and what compares the books with the gateways."""

from __future__ import annotations

from dataclasses import dataclass

from app.analytics.counting import SalesCounting
from app.analytics.folding import VisitFolding
from app.analytics.service import AnalyticsService
from app.analytics.visits import Visits
from app.building.foundation import Foundation
from app.building.goods import Goods
from app.building.paying import Paying
from app.building.selling import Selling
from app.checkout.audit import Audit
from app.checkout.audit_runs import AuditRuns
from app.checkout.repairs import Repairs
from app.monitoring.shop_figures import ShopFigures


@dataclass(frozen=True, kw_only=True, slots=True)
class Watching:
    """Figures, the audit of the books, and the repair of what it found."""

    sales: SalesCounting
    analytics: AnalyticsService
    visits: Visits
    folding: VisitFolding
    audit: Audit
    runs: AuditRuns
    repairs: Repairs
    figures: ShopFigures


def build_watching(base: Foundation, goods: Goods, selling: Selling, paying: Paying) -> Watching:
    """Watching these sales."""
    database, orders, payments = base.database, selling.orders, paying.payments
    settlement, refunding = paying.settlement, paying.refunding
    audit = Audit(
        settlement, refunding, paying.disputing, payments, orders, paying.credit,
        goods.stock_check,
    )  # fmt: skip
    runs = AuditRuns(database, audit, payments, refunding)
    return Watching(
        sales=SalesCounting(database, orders, payments, paying.refunds),
        analytics=AnalyticsService(database),
        visits=Visits(base.cache, goods.markets, base.shop_keys.newest),
        folding=VisitFolding(database, base.cache),
        audit=audit,
        runs=runs,
        repairs=Repairs(database, base.outbox, runs, settlement, refunding, orders, payments),
        figures=ShopFigures(
            database, base.cache, base.outbox, base.schedules, payments, paying.refunds, runs
        ),
    )
