"""Asking to be told, and asking no more."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.catalog.rules import variant_url
from app.identity.context import current_account, signed_in, whose
from app.shared.emails import normal_email
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.stock_alerts.service import StockAlertService
from app.web.csrf import confirmable, exempt
from app.web.limits import account, limiter
from app.web.registry import service
from app.web.rendering import page, private, see_other, wants_fragment

blueprint = Blueprint("stock_alerts", __name__, url_prefix="/stock-alerts")


def _whom() -> str:
    """Whom a limit counts: the address that is to get mail."""
    return account() or whose()


@blueprint.post("")
@confirmable
@limiter.limit("10 per hour", key_func=_whom)
@limiter.limit("60 per hour")
def wait() -> BaseResponse:
    """Tell an address, else the signed-in account's, when a SKU is back.

    The answer is the same whether the address waits already, or is known here at all.
    """
    alerts, sku = service(StockAlertService), _sku(request.form.get("sku", ""))
    alerts.get_variant(sku)
    typed = request.form.get("email", "")
    try:
        alerts.wait(sku, _address(typed))
    except Invalid as refusal:
        return _show("ask", sku, 422, typed=typed[:254], error=refusal.message)
    if wants_fragment():
        return _show("thanks", sku)
    return see_other(f"/stock-alerts?{urlencode({'sku': sku})}")


def _address(typed: str) -> str:
    if not typed.strip() and signed_in() is not None:
        return current_account().email
    try:
        return normal_email(typed)
    except ValueError as error:
        raise Invalid(str(error)) from error


@blueprint.get("")
def thanks() -> Response:
    """What happens now."""
    return _show("thanks", _sku(request.args.get("sku", "")))


def _sku(text: str) -> Sku:
    return Sku(text.strip()[:200])


def _show(name: str, sku: Sku, status: int = 200, typed: str = "", error: str = "") -> Response:
    product, variant = service(StockAlertService).get_variant(sku)
    return private(
        page(
            f"stock_alerts/{name}.html",
            name,
            status,
            product=product,
            variant=variant,
            url=variant_url(product, variant.options),
            typed=typed,
            error=error,
        )
    )


# --- no more --------------------------------------------------------------------------------------


@blueprint.get("/stop/<token>")
def stop_form(token: str) -> Response:
    """The button; reading a mail, as programs do, must end nothing."""
    service(StockAlertService).find_by_token(token)
    return private(page("stock_alerts/stop.html", "stop", token=token, stopped=False))


@blueprint.post("/stop/<token>")
@exempt  # the link is signed, and mail programs post it for their readers (RFC 8058)
def stop(token: str) -> Response:
    """The address is told of nothing any more; repeating it changes nothing."""
    service(StockAlertService).stop(token)
    return private(page("stock_alerts/stop.html", "stop", token=token, stopped=True))
