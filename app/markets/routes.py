"""Choosing a market."""

from __future__ import annotations

from flask import Blueprint, current_app, request
from werkzeug.wrappers import Response

from app.markets.context import COOKIE, find_market
from app.markets.languages import own_language
from app.markets.models import Market
from app.shared.errors import Invalid
from app.shared.languages import LANGUAGES
from app.shared.texts import Text
from app.web.language import remember_language
from app.web.rendering import leave_to, local_path, page_at

blueprint = Blueprint("markets", __name__)


@blueprint.post("/market")
def choose() -> Response:
    """Remember market and language in cookies and go back to where the shopper was.

    A client that names no language keeps its own; ``auto`` is the one of the country.
    """
    market = find_market(request.form.get("market", ""))
    if market is None:
        raise Invalid(
            Text("We do not sell there yet."),
            {"market": Text("Please choose a market of the list.")},
        )
    language = _chosen_language(market)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response = leave_to(page_at(local_path(request.form.get("next") or request.referrer or "/")))
    response.set_cookie(
        COOKIE,
        market.code,
        max_age=365 * 24 * 3600,
        httponly=True,
        samesite="Lax",
        secure=secure,
    )
    if language is not None:
        remember_language(response, language, secure=secure)
    return response


def _chosen_language(market: Market) -> str | None:
    """What the form says, None if nothing. Raises ``Invalid``."""
    chosen = request.form.get("language")
    if chosen is None:
        return None
    if chosen == "auto":
        return own_language(market)
    if chosen not in LANGUAGES:
        raise Invalid(
            Text("We do not speak that language yet."),
            {"language": Text("Please choose a language of the list.")},
        )
    return chosen
