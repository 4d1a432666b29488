"""Choosing a market."""

from __future__ import annotations

from flask import Blueprint, current_app, request
from werkzeug.wrappers import Response

from app.markets.context import COOKIE, find_market
from app.shared.errors import Invalid
from app.web.rendering import leave_to, local_path

blueprint = Blueprint("markets", __name__)


@blueprint.post("/market")
def choose() -> Response:
    """Remember the market in a cookie and go back to where the shopper was."""
    market = find_market(request.form.get("market", ""))
    if market is None:
        raise Invalid(
            "We do not sell there yet.", {"market": "Please choose a market of the list."}
        )
    response = leave_to(local_path(request.form.get("next") or request.referrer or "/"))
    response.set_cookie(
        COOKIE,
        market.code,
        max_age=365 * 24 * 3600,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return response
