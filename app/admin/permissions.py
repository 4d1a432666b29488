"""What each role may do in the panel."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.identity.models import Role


class Permission(StrEnum):
    """One sort of thing that staff do or see."""

    PANEL = "panel"  # come in at all
    REPORTS = "reports"  # dashboard, live view, figures, money report
    CATALOG_VIEW = "catalog_view"
    CATALOG_EDIT = "catalog_edit"  # products, pictures, categories, collections, home page, CSV
    STOCK_VIEW = "stock_view"
    STOCK_EDIT = "stock_edit"  # counts, transfers, locations, thresholds
    PROMOTIONS_VIEW = "promotions_view"
    PROMOTIONS_EDIT = "promotions_edit"
    ORDERS_VIEW = "orders_view"  # names and addresses are on them
    ORDERS_EDIT = "orders_edit"  # notes, parcels, returns, draft orders
    MONEY = "money"  # capture, cancel, refund
    CUSTOMERS_VIEW = "customers_view"
    CUSTOMERS_EDIT = "customers_edit"
    REVIEWS_EDIT = "reviews_edit"
    CREDIT_VIEW = "credit_view"
    CREDIT_EDIT = "credit_edit"  # gift cards and store credit are money
    SETTINGS_VIEW = "settings_view"
    SETTINGS_EDIT = "settings_edit"  # markets, taxes, shipping, mails, gateways
    STAFF = "staff"  # who works here, in which role
    AUDIT = "audit"


_ALL = frozenset(Permission)
GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: _ALL,
    Role.MANAGER: _ALL - {Permission.SETTINGS_EDIT, Permission.STAFF},
    Role.SUPPORT: frozenset(
        {
            Permission.PANEL,
            Permission.CATALOG_VIEW,
            Permission.STOCK_VIEW,
            Permission.PROMOTIONS_VIEW,
            Permission.ORDERS_VIEW,
            Permission.ORDERS_EDIT,
            Permission.MONEY,
            Permission.CUSTOMERS_VIEW,
            Permission.CUSTOMERS_EDIT,
            Permission.REVIEWS_EDIT,
            Permission.CREDIT_VIEW,
        }
    ),
    Role.ANALYST: frozenset(  # figures, and nobody's name
        {
            Permission.PANEL,
            Permission.REPORTS,
            Permission.CATALOG_VIEW,
            Permission.STOCK_VIEW,
            Permission.PROMOTIONS_VIEW,
        }
    ),
    Role.CUSTOMER: frozenset(),
}


def may(role: Role, permission: Permission) -> bool:
    """Whether a role allows something."""
    return permission in GRANTS[role]
