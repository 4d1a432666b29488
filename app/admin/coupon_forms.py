"""Forms that make coupon codes."""

from __future__ import annotations

from typing import Any

from wtforms import StringField

from app.admin.entry_fields import WholeNumber
from app.admin.inventory_forms import RequestKey
from app.shared.texts import Text
from app.web.forms import ShopForm

MOST_AT_ONCE = 10_000  # more take the command line


class CodeForm(ShopForm):
    """One code."""

    code = StringField(Text("Code"))
    limit = WholeNumber(Text("Orders it is good for"), least=1)


class BatchForm(ShopForm):
    """Codes that nobody can guess."""

    key = RequestKey(prefix="bat")
    name = StringField(Text("Name of the batch"))
    count = WholeNumber(Text("How many"), least=1, most=MOST_AT_ONCE, needed=True)
    prefix = StringField(Text("Beginning of each"))
    batch_limit = WholeNumber(Text("Orders each is good for"), least=1)


def one_order() -> dict[str, Any]:
    """What a new batch's form says."""
    return {"batch_limit": "1"}
