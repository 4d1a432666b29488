"""What tests of the panel's customers and staff share."""

from __future__ import annotations

from bs4 import Tag
from flask import Flask
from werkzeug.test import TestResponse

from app.audit_log.models import AuditEntry, AuditFilter, Change
from app.audit_log.service import AuditLog
from app.web.registry import service
from app.worker import Worker
from tests.support.gateways import form_fields
from tests.support.shopper import soup


def work(app: Flask) -> None:
    """Let the worker do what there is."""
    while service(Worker, app).round():
        pass


def entries(app: Flask, subject: str = "") -> list[AuditEntry]:
    """What the audit log has, of one thing or of everything, the newest first."""
    return service(AuditLog, app).list(AuditFilter(subject=subject), 100)


def last_change(app: Flask, subject: str) -> Change:
    """The newest change of a thing, which must be concluded."""
    (entry, *_) = entries(app, subject)
    assert entry.outcome == "done"
    return next(each for each in entry.changes if each.subject == subject)


def fields_of(page: TestResponse, action: str) -> dict[str, str]:
    """What a browser would send of the page's form with this action, as it stands."""
    form = soup(page).select_one(f'form[action^="{action}"]')
    assert isinstance(form, Tag), action
    fields = form_fields(form)
    for area in form.select("textarea[name]"):
        fields[str(area["name"])] = area.text
    for choice in form.select("select[name]"):
        chosen = choice.select_one("option[selected]") or choice.select_one("option")
        fields[str(choice["name"])] = str(chosen.get("value", chosen.text)) if chosen else ""
    return fields
