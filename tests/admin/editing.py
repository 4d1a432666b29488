"""What the tests of the catalog's forms share."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from app.audit_log.models import AuditEntry, AuditFilter
from app.audit_log.service import AuditLog
from app.web.registry import service
from tests.support.shopper import HTMX, soup
from tests.support.staff import Staff


def form_of(answer: TestResponse, selector: str) -> dict[str, Any]:
    """What a browser would send of a form, its buttons and files left out."""
    form = soup(answer).select_one(selector)
    assert form is not None, answer.text
    found: dict[str, Any] = {}
    for each in form.select("input[name], select[name], textarea[name]"):
        _take(found, each)
    return found


def _take(found: dict[str, Any], each: Any) -> None:
    kind, name = each.get("type", ""), str(each["name"])
    if kind == "file" or (kind in {"checkbox", "radio"} and not each.has_attr("checked")):
        return
    if each.name == "select":
        chosen = each.select_one("option[selected]") or each.select_one("option")
        value = str(chosen["value"]) if chosen else ""
    elif each.name == "textarea":
        value = each.text
    else:
        value = str(each.get("value", ""))
    if name in found:
        held = found[name] if isinstance(found[name], list) else [found[name]]
        found[name] = [*held, value]
    else:
        found[name] = value


def send(staff: Staff, path: str, form: dict[str, Any], *, htmx: bool = False) -> TestResponse:
    """Send a form that was read from its page."""
    return staff.client.post(path, data=form, headers=HTMX if htmx else None)


def entries(app: Flask, subject: str) -> list[AuditEntry]:
    """What the audit log says of a thing, the newest first."""
    return service(AuditLog, app).list(AuditFilter(subject=subject), 50)


def problems(answer: TestResponse) -> dict[str, str]:
    """The messages beside fields, by the field's id."""
    tree: BeautifulSoup = soup(answer)
    return {
        str(each["id"]).removesuffix("-error"): each.text for each in tree.select("p.error[id]")
    }
