"""Markets: where the shop sells, and by which rules."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.differences import differences
from app.admin.guard import area, changed, needs, only_looked
from app.admin.market_forms import Fields, edit_rows, fields_of, read_fields
from app.admin.market_reading import Reader, text_in
from app.admin.market_trial import tried
from app.admin.permissions import Permission
from app.markets.countries import countries, country
from app.markets.documents import from_document, to_document
from app.markets.models import Market
from app.markets.service import MarketService
from app.markets.suggesting import suggest_market
from app.payments.service import PaymentService
from app.shared.errors import Conflict, Invalid
from app.shared.languages import LANGUAGES
from app.shared.money import Money
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("markets", __name__, "/settings/markets")
_PATH = "/admin/settings/markets"


@blueprint.get("")
@needs(Permission.SETTINGS_VIEW)
def markets() -> Response:
    """Every market in the shop's order, closed ones too."""
    every = service(MarketService).every()
    codes = [each.code for each in every]
    return page(
        "admin/settings/markets.html",
        "content",
        markets=every,
        orders={code: _moves(codes, code) for code in codes},
        default=service(MarketService).default,
    )


def _moves(codes: list[str], code: str) -> dict[str, str]:
    """The whole order once a market went up or down: repeating it moves nothing more."""
    at, last = codes.index(code), len(codes) - 1
    others = [each for each in codes if each != code]
    places = {"up": at - 1, "down": at + 1}
    return {
        way: ",".join([*others[:place], code, *others[place:]])
        for way, place in places.items()
        if 0 <= place <= last
    }


@blueprint.post("/order")
@needs(Permission.SETTINGS_EDIT)
def reorder() -> BaseResponse:
    """Put the markets into another order; the first open one is the default."""
    was, wanted = (request.form.get(name, "").split(",") for name in ("was", "order"))
    if service(MarketService).reorder(was, wanted):
        changed("settings:markets", "Order of markets", {"order": was}, {"order": wanted})
    else:
        only_looked()  # it was sent before
    return leave_to(_PATH)


@blueprint.get("/new")
@needs(Permission.SETTINGS_EDIT)
def new() -> Response:
    """Choose a country, then change what a market of it most likely is."""
    wanted = request.args.get("country", "")
    if not wanted:
        return page("admin/settings/market_new.html", "content", countries=countries(), problem="")
    try:
        market = suggest_market(wanted, service(MarketService).every())
    except Invalid as refusal:
        return page(
            "admin/settings/market_new.html",
            "content",
            422,
            countries=countries(),
            problem=refusal.message,
        )
    return _form_page(fields_of(market))


@blueprint.post("/new")
@needs(Permission.SETTINGS_EDIT)
def create() -> BaseResponse:
    """Store a new market."""
    return _save(None)


@blueprint.get("/<code>")
@needs(Permission.SETTINGS_VIEW)
def market(code: str) -> Response:
    """One market's form."""
    known = service(MarketService).get(code)
    return _form_page(fields_of(known), market=known)


@blueprint.post("/<code>")
@needs(Permission.SETTINGS_EDIT)
def save(code: str) -> BaseResponse:
    """Store a market over the version that was read, or add or remove a row of its form."""
    return _save(service(MarketService).get(code))


@blueprint.get("/<code>/trial")
@needs(Permission.SETTINGS_VIEW)
def trial(code: str) -> Response:
    """What the checkout would say of a parcel, as the market is stored now."""
    known = service(MarketService).get(code)
    result = tried(known, request.args)
    status = 422 if result.problems else 200
    return page(
        "admin/settings/market_trial.html", "trial", status, market=known, trial=result, asked=True
    )


def _save(known: Market | None) -> BaseResponse:
    fields = read_fields(request.form)
    if known is not None:
        fields.update(code=known.code, position=str(known.position))  # neither is the form's to say
    action = request.form.get("do", "save")
    if action != "save":
        only_looked()
        edit_rows(fields, action)
        return _form_page(fields, market=known)
    reader = Reader(fields)
    document = reader.document()
    try:
        if reader.problems:
            raise Invalid(Text("Please check the market's fields."), reader.problems)
        stored = service(MarketService).store(document)
    except Invalid as refusal:
        problems = {reader.place(path): text for path, text in refusal.fields.items()}
        return _form_page(fields, 422, market=known, problems=problems)
    except Conflict:
        return _clash(fields, document)
    before = to_document(known) if known else None
    changed(f"market:{stored.code}", stored.name, before, to_document(stored))
    leave_message(Text("%(name)s is saved.", name=stored.name))
    return leave_to(f"{_PATH}/{stored.code}")


def _clash(fields: Fields, document: Fields) -> Response:
    """Somebody else stored another version: show both, and let the next save go over theirs."""
    theirs = service(MarketService).get(document["code"])
    yours = {**to_document(from_document(document)), "version": theirs.version}
    fields["version"] = str(theirs.version)
    shown = differences(to_document(theirs), yours)
    return _form_page(fields, 409, market=theirs, clash=shown)


def _form_page(
    fields: Fields, status: int = 200, *, market: Market | None = None, **said: Any
) -> Response:
    home = country(text_in(fields, "countries").split(",")[0].strip().upper())
    return page(
        "admin/settings/market.html",
        "content",
        status,
        fields=fields,
        market=market,
        problems=said.get("problems", {}),
        clash=said.get("clash", []),
        languages=LANGUAGES,
        country=home,
        minimums=_minimums(market),
        trial=tried(market, request.args) if market else None,
        asked=False,
    )


def _minimums(market: Market | None) -> list[tuple[str, Money]]:
    """The least that each of the market's gateways takes."""
    if market is None:
        return []
    payments, nothing = service(PaymentService), Money.zero(market.currency)
    return [(name, payments.minimum(name, nothing)) for name in payments.offered(market.gateways)]
