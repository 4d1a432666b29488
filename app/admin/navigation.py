"""The panel's menu."""

from __future__ import annotations

from dataclasses import dataclass

from app.admin.guard import allowed
from app.admin.permissions import Permission
from app.shared.texts import Text


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the menu, for those who may follow it; ``below`` are shown within its section."""

    path: str
    label: str
    permission: Permission
    icon: str = ""
    below: tuple[Entry, ...] = ()

    def is_open(self, path: str) -> bool:
        """Whether a page lies in this section."""
        return (
            path == self.path
            or (self.path != "/admin" and path.startswith(f"{self.path}/"))
            or any(each.is_open(path) for each in self.below)
        )


_MENU = (
    Entry("/admin", Text("Dashboard"), Permission.PANEL, "chart", (
        Entry("/admin/live", Text("Live view"), Permission.REPORTS),
        Entry("/admin/reports", Text("Reports"), Permission.REPORTS),
        Entry("/admin/money", Text("Money report"), Permission.REPORTS),
    )),
    Entry("/admin/orders", Text("Orders"), Permission.ORDERS_VIEW, "box", (
        Entry("/admin/drafts", Text("Draft orders"), Permission.ORDERS_VIEW),
        Entry("/admin/returns", Text("Returns"), Permission.ORDERS_VIEW),
    )),
    Entry("/admin/products", Text("Products"), Permission.CATALOG_VIEW, "tag", (
        Entry("/admin/collections", Text("Collections"), Permission.CATALOG_VIEW),
        Entry("/admin/categories", Text("Categories"), Permission.CATALOG_VIEW),
        Entry("/admin/home", Text("Home page"), Permission.CATALOG_VIEW),
        Entry("/admin/pages", Text("Pages"), Permission.CATALOG_VIEW),
        Entry("/admin/imports", Text("Import and export"), Permission.CATALOG_VIEW),
    )),
    Entry("/admin/inventory", Text("Inventory"), Permission.STOCK_VIEW, "shelves", (
        Entry("/admin/transfers", Text("Transfers"), Permission.STOCK_VIEW),
        Entry("/admin/locations", Text("Locations"), Permission.STOCK_VIEW),
    )),
    Entry("/admin/customers", Text("Customers"), Permission.CUSTOMERS_VIEW, "person", (
        Entry("/admin/groups", Text("Groups"), Permission.CUSTOMERS_VIEW),
        Entry("/admin/reviews", Text("Reviews"), Permission.REVIEWS_EDIT),
    )),
    Entry("/admin/promotions", Text("Promotions"), Permission.PROMOTIONS_VIEW, "percent", (
        Entry("/admin/gift-cards", Text("Gift cards"), Permission.CREDIT_VIEW),
    )),
    Entry("/admin/settings", Text("Settings"), Permission.SETTINGS_VIEW, "gear", (
        Entry("/admin/settings/shop", Text("Shop"), Permission.SETTINGS_VIEW),
        Entry("/admin/settings/markets", Text("Markets"), Permission.SETTINGS_VIEW),
        Entry("/admin/settings/mails", Text("Mails"), Permission.SETTINGS_VIEW),
        Entry("/admin/settings/gateways", Text("Payments"), Permission.SETTINGS_VIEW),
        Entry("/admin/staff", Text("Staff"), Permission.STAFF),
        Entry("/admin/audit", Text("Audit log"), Permission.AUDIT),
    )),
)  # fmt: skip


def menu() -> tuple[Entry, ...]:
    """The menu for the member of staff whose request this is."""
    return tuple(
        Entry(
            each.path,
            each.label,
            each.permission,
            each.icon,
            tuple(below for below in each.below if allowed(below.permission)),
        )
        for each in _MENU
        if allowed(each.permission)
    )
