"""What the shop owes an account, and how it came to that."""

from __future__ import annotations

from flask import Blueprint, Response

from app.credit.service import CreditService
from app.identity.context import current_account
from app.web.registry import service
from app.web.rendering import page, private

blueprint = Blueprint("account_credit", __name__, url_prefix="/account/credit")


@blueprint.get("")
def show() -> Response:
    """Store credit in each currency with its history, and the way to a gift card's balance."""
    credit = service(CreditService)
    accounts = credit.of_account(current_account().id)
    return private(
        page(
            "account/credit.html",
            "content",
            accounts=accounts,
            history={
                each.id: [entry for entry in reversed(credit.history(each.id)) if entry.amount]
                for each in accounts
            },
        )
    )
