"""Draft orders: carts that staff prepare, and their links."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Response, current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.admin.drafts_forms import address_form, read_wish, rows
from app.admin.guard import area, changed, needs, only_looked, staff
from app.admin.lists import cut, list_state
from app.admin.orders_forms import Typed, request_key, typed
from app.admin.permissions import Permission
from app.cart.service import CartService
from app.catalog.pages import CatalogPages
from app.catalog.service import CatalogService
from app.config import Settings
from app.drafts.errors import DraftMoved
from app.drafts.models import Draft, DraftState
from app.drafts.rules import LABELS
from app.drafts.service import DraftService
from app.fulfilment.cancelling import Cancelling
from app.markets.models import Market
from app.markets.service import MarketService
from app.orders.models import OrderState
from app.orders.service import OrderService
from app.shared.errors import Conflict, Invalid
from app.shared.ids import Sku
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("drafts", __name__, "/drafts")
_PAGE = 50
_LOOKS = {DraftState.PAID: "good", DraftState.ORDERED: "warn", DraftState.OPEN: "warn"}


@blueprint.get("")
@needs(Permission.ORDERS_VIEW)
def drafts() -> Response:
    """Every draft order, or those in a state, the newest first."""
    state = list_state(filters={"state": [each.value for each in DraftState]})
    wanted = state.filters.get("state", "")
    found = cut(service(DraftService).list(wanted, _PAGE + 1, state.after), _PAGE, "place")
    return page(
        "admin/drafts/list.html",
        "list",
        state=state,
        found=found,
        labels=LABELS,
        looks=_LOOKS,
        choices=[(each.value, LABELS[each]) for each in DraftState],
    )


@blueprint.get("/new")
@needs(Permission.ORDERS_EDIT)
def new() -> Response:
    """The form of a draft order."""
    market = service(MarketService).find(request.args.get("market", ""))
    return _form_page(
        MultiDict(), market or service(MarketService).default, Typed(values={"days": "14"})
    )


@blueprint.post("")
@needs(Permission.ORDERS_EDIT)
def create() -> BaseResponse:
    """Prepare a draft; or find things for it, with everything that was typed kept."""
    form = request.form
    market = service(MarketService).find(form.get("market", "")) or service(MarketService).default
    if form.get("do") != "create":
        only_looked()
        return _form_page(form, market, typed(form))
    try:
        key = request_key(form)
        wish = read_wish(form, market, address_form(form, market))
        draft = service(DraftService).create(wish, by=staff().email, key=key)
    except Invalid as refusal:
        return _form_page(form, market, typed(form, refusal), 422)
    changed(f"draft:{draft.number}", draft.number, None, _facts(draft))
    leave_message(Text("Draft order %(number)s is ready.", number=draft.number))
    return leave_to(f"/admin/drafts/{draft.number}")


def _form_page(
    data: MultiDict[str, str], market: Market, form: Typed, status: int = 200
) -> Response:
    wanted, picked = data.get("find", "").strip()[:200], data.get("pick", "")
    address = address_form(data or None, market)
    for name, problem in form.problems.items():
        if name in address:
            address[name].errors = [problem]
    return page(
        "admin/drafts/form.html",
        "content",
        status,
        form=form,
        rows=rows(data, picked),
        address=address,
        chosen=market,
        found=_find(wanted, market) if wanted and not picked else [],
        wanted=wanted,
    )


def _find(text: str, market: Market) -> list[dict[str, Any]]:
    """Variants of the products that fit a few words, or the one with this SKU."""
    catalog = service(CatalogService)
    products = [product for product, _ in catalog.get_variants([Sku(text)]).values()]
    for each in service(CatalogPages).suggest(text, market):
        found = each.kind == "product" and catalog.find_product(each.url.rpartition("/")[2])
        if found and found not in products:
            products.append(found)
    return [
        {
            "sku": variant.sku,
            "title": ", ".join(filter(None, (product.title, variant.title))),
            "price": price.amount if (price := variant.price_in(market.code)) else None,
        }
        for product in products
        for variant in product.variants
    ]


@blueprint.get("/<number>")
@needs(Permission.ORDERS_VIEW)
def show(number: str) -> Response:
    """One draft order, with its link."""
    return _draft_page(service(DraftService).get(number))


def _draft_page(draft: Draft, status: int = 200, message: str = "") -> Response:
    market = service(MarketService).get(draft.market)
    return page(
        "admin/drafts/draft.html",
        "content",
        status,
        draft=draft,
        link=f"{service(Settings, current_app).base_url}{draft.path}",
        label=LABELS[draft.state],
        look=_LOOKS.get(draft.state, "bad"),
        cart=None if draft.is_over else service(CartService).view(draft.cart_id, market),
        locale=market.locale,
        message=message,
        key=str(uuid4()),
    )


@blueprint.post("/<number>/mail")
@needs(Permission.ORDERS_EDIT)
def send(number: str) -> BaseResponse:
    """Send the link to the customer."""
    drafts = service(DraftService)
    draft, key = drafts.get(number), request_key(request.form)
    try:
        drafts.send(draft, key)
    except Conflict as refusal:
        return _draft_page(draft, 409, refusal.message)
    changed(f"draft:{draft.number}", draft.number, {}, {"link sent to": draft.email})
    leave_message(Text("The link is on its way to %(email)s.", email=draft.email))
    return leave_to(f"/admin/drafts/{draft.number}")


@blueprint.post("/<number>/cancellation")
@needs(Permission.ORDERS_EDIT)
def cancel(number: str) -> BaseResponse:
    """Close the link, and what was ordered with it as long as it is not paid."""
    drafts = service(DraftService)
    draft = drafts.get(number)
    try:
        if draft.order_number:
            _cancel_unpaid(draft)
        after = drafts.cancel(draft)
    except Conflict as refusal:
        return _draft_page(drafts.get(number), 409, refusal.message)
    changed(f"draft:{draft.number}", draft.number, _facts(draft), _facts(after))
    leave_message(Text("Draft order %(number)s is cancelled.", number=draft.number))
    return leave_to(f"/admin/drafts/{draft.number}")


def _cancel_unpaid(draft: Draft) -> None:
    """Cancel the order of a draft. Raises ``Conflict`` for one that is paid, or may be."""
    order = service(OrderService).get_by_number(draft.order_number)
    if order.is_paid:
        raise DraftMoved(DraftState.PAID)
    if order.state is OrderState.PENDING:
        service(Cancelling).cancel_unpaid(order.id, by=staff().email)


def _facts(draft: Draft) -> dict[str, Any]:
    """What the log keeps of a draft; never its link."""
    return {
        "state": draft.state.value,
        "market": draft.market,
        "email": draft.email,
        "lines": [f"{line.quantity} x {line.sku}" for line in draft.lines],
        "discount": draft.discount,
        "order": draft.order_number,
        "expires_at": draft.expires_at,
    }
