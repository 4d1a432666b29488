"""Somebody at the order desk of the panel, with the orders of the shop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from flask import Flask
from werkzeug.test import TestResponse

from app.audit_log.models import AuditEntry, AuditFilter
from app.audit_log.service import AuditLog
from app.db.database import Database
from app.identity.models import Role
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.ids import OrderId
from app.web.registry import service
from tests.support.gateways import form_fields
from tests.support.shopper import soup
from tests.support.staff import Staff


class Desk(Staff):
    """A member of staff who looks after the shop's first order."""

    def __init__(self, app: Flask, role: Role = Role.OWNER) -> None:
        super().__init__(app, role)
        self.database = service(Database, app)

    @property
    def order(self) -> Order:
        """The order as it is now."""
        document = self.database["orders"].find_one({}, {"_id": 1})
        assert document
        return service(OrderService, self.app).get(OrderId(document["_id"]))

    @property
    def path(self) -> str:
        """The order's address in the panel."""
        return f"/admin/orders/{self.order.number}"

    def form(self, path: str, action: str) -> dict[str, str]:
        """The fields of the form on a page that is sent to an address."""
        page = soup(self.get(path))
        form = page.select_one(f"form[action='{action}']")
        assert form is not None, page.get_text()
        return all_fields(form)

    def send_to(self, path: str, **fields: str) -> TestResponse:
        """Post a form with a key of its own unless one is given."""
        return self.post(path, {"key": str(uuid4()), **fields})

    def refund(self, **fields: str) -> TestResponse:
        """Look at a refund, and then pay it back."""
        fields = {"key": str(uuid4()), **fields}
        seen = self.send_to(f"{self.path}/refunds", do="preview", **fields)
        assert seen.status_code == 200, seen.text
        return self.send_to(f"{self.path}/refunds", do="refund", agreed=agreed(seen), **fields)

    def entries(self, subject: str) -> list[AuditEntry]:
        """What the log has about something, the newest first."""
        return service(AuditLog, self.app).list(AuditFilter(subject=subject), 100)

    def timeline(self) -> list[tuple[str, str]]:
        """What happened, and who did it, the oldest first."""
        events = service(OrderService, self.app).timeline(self.order.id, public_only=False)
        return [(str(event.message), event.by) for event in events]


def all_fields(form: Any) -> dict[str, str]:
    """What a browser would send of a form as it stands, its lists and texts included."""
    fields = form_fields(form)
    for each in form.select("select[name]"):
        option = each.select_one("option[selected]") or each.select_one("option")
        fields[str(each["name"])] = str(option["value"]) if option else ""
    fields |= {str(each["name"]): each.get_text() for each in form.select("textarea[name]")}
    return fields


def agreed(seen: TestResponse) -> str:
    """What a preview's form says that was agreed to."""
    field = soup(seen).select_one("input[name=agreed]")
    assert field is not None, seen.text
    return str(field["value"])


def at_once(*actions: Callable[[], TestResponse]) -> list[int]:
    """Do all of it at the same moment; the statuses, sorted."""
    barrier = threading.Barrier(len(actions))
    found: list[int] = []

    def act(action: Callable[[], TestResponse]) -> None:
        barrier.wait()
        found.append(action().status_code)

    threads = [threading.Thread(target=act, args=(each,)) for each in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)
