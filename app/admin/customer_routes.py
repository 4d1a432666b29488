"""Customers: finding them, and what belongs to one."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from flask import Response, make_response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from app.account.leaving import Leaving
from app.admin.amounts import selling_currencies
from app.admin.customer_forms import ErasureForm, GrantForm, NoteForm, new_key
from app.admin.customer_page import customer_page
from app.admin.guard import area, changed, needs, note, only_looked, staff
from app.admin.lists import ListState, Slice, cut, list_state
from app.admin.permissions import Permission
from app.credit.service import CreditService
from app.customers.errors import NoteMovedOn
from app.customers.models import Customer, CustomerFilter, CustomerSort, Listed
from app.customers.service import CustomerService
from app.groups.service import GroupService
from app.identity.errors import StaffAccount
from app.identity.models import Account
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.markets.service import MarketService
from app.shared.errors import Invalid, NotFound
from app.shared.money import Money
from app.shared.texts import Text, speaking
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("customers", __name__, "/customers")
_PAGE = 50
_CHECK = Text("Please check the fields below.")
_MOVED_ON = Text("Somebody else has changed the note since you read it. Yours is below.")
_SORTS = [each.value for each in CustomerSort]


# --- the list -------------------------------------------------------------------------------------


@blueprint.get("")
@needs(Permission.CUSTOMERS_VIEW)
def customers() -> Response:
    """Customers, searched for or narrowed and sorted."""
    return _list()


def _list(status: int = 200, message: str = "", group: str = "", back: str = "") -> Response:
    names = ("group", "market", "spent", "currency", "since")
    filters = {"account": ("yes", "no"), **dict.fromkeys(names, ())}
    state = list_state(_SORTS, filters, "/admin/customers", back)
    currencies, problem = selling_currencies(), ""
    try:
        wanted = _wanted(state, currencies)
    except ValueError as error:
        wanted, problem = CustomerFilter(), str(error)
    found: Slice[Listed] = Slice(items=())
    if state.q:
        matches = service(CustomerService).search(state.q)
        found = Slice(items=[Listed(customer=each, rank="") for each in matches])
    elif not problem:
        found = cut(service(CustomerService).listed(wanted, _PAGE + 1), _PAGE, "rank")
    return page(
        "admin/customers/list.html",
        "list",
        422 if problem else status,
        state=state,
        message=message,
        group=group,
        found=found,
        problem=problem,
        groups=service(GroupService).every(),
        markets=service(MarketService).every(),
        currencies=currencies,
        currency=wanted.currency or currencies[0],
    )


def _wanted(state: ListState, currencies: list[str]) -> CustomerFilter:
    """The filter that an address asks for. Raises ``ValueError``, fit to be shown."""
    chosen = state.filters
    currency = chosen.get("currency", "")
    currency = currency if currency in currencies else currencies[0]
    return CustomerFilter(
        has_account={"yes": True, "no": False}.get(chosen.get("account", "")),
        group=chosen.get("group", ""),
        market=chosen.get("market", ""),
        spent_over=_amount(chosen.get("spent", ""), currency),
        ordered_since=_day(chosen.get("since", "")),
        sort=CustomerSort(state.sort) if state.sort else CustomerSort.NEWEST,
        currency=currency,
        after=state.after,
    )


def _amount(text: str, currency: str) -> Money | None:
    try:
        return Money.from_major(text, currency) if text else None
    except ValueError as error:
        raise ValueError(Text("“Spent at least” is a plain number such as 100.")) from error


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) if text else None
    except ValueError as error:
        raise ValueError(Text("“Ordered since” is a day such as 2026-01-31.")) from error


@blueprint.post("/group")
@needs(Permission.CUSTOMERS_EDIT)
def add_to_group() -> BaseResponse:
    """Put the chosen customers into a group."""
    group = service(GroupService).get(request.form.get("code", ""))
    chosen = request.form.getlist("customer")[:_PAGE]
    found = [service(CustomerService).get(each) for each in chosen]
    if not found:
        message, back = Text("Please choose customers first."), request.form.get("back", "")
        return _list(422, message, group.code, back)
    new = service(GroupService).add(group.code, [each.email for each in found])
    changed(f"group:{group.code}", group.name, {"emails": []}, {"emails": new})
    leave_message(
        Text.counted(
            "%(num)s customer was added to %(name)s.",
            "%(num)s customers were added to %(name)s.",
            len(new),
            name=group.name,
        )
    )
    return leave_to(f"/admin/groups/{group.code}")


# --- one customer ---------------------------------------------------------------------------------


def _show(
    customer: Customer,
    status: int = 200,
    message: str = "",
    problems: Form | None = None,
    **forms: Form,
) -> Response:
    known = customer_page(customer)
    return page(
        "admin/customers/customer.html",
        "content",
        status,
        known=known,
        customer=customer,
        message=message,
        problems=problems,
        note_form=forms.get("note_form")
        or NoteForm(data={"text": known.note.text, "version": known.note.version}),
        grant_form=forms.get("grant_form") or GrantForm(data={"key": new_key()}),
        erasure_form=forms.get("erasure_form") or ErasureForm(),
        conflict=forms.get("conflict"),
    )


@blueprint.get("/<customer_id>")
@needs(Permission.CUSTOMERS_VIEW)
def customer(customer_id: str) -> Response:
    """A customer with all that belongs to them."""
    return _show(service(CustomerService).get(customer_id))


@blueprint.post("/<customer_id>/note")
@needs(Permission.CUSTOMERS_EDIT)
def write_note(customer_id: str) -> BaseResponse:
    """Write the private note over the one that was read."""
    customers = service(CustomerService)
    known, form = customers.get(customer_id), NoteForm(request.form)
    if not form.validate():
        return _show(known, 422, _CHECK, form, note_form=form)
    before = customers.note_of(known.id)
    try:
        after = customers.write_note(
            known.id, form.version.data or 0, form.text.data or "", staff().email
        )
    except NoteMovedOn:
        theirs = customers.note_of(known.id)
        form.version.data = theirs.version
        form.version.raw_data = None
        return _show(known, 409, _MOVED_ON, note_form=form, conflict=form)
    if after == before:
        only_looked()
    else:
        changed(f"customer:{known.id}", known.email, {"note": before.text}, {"note": after.text})
    leave_message(Text("The note is saved."))
    return leave_to(f"/admin/customers/{known.id}")


@blueprint.post("/<customer_id>/credit")
@needs(Permission.CREDIT_EDIT)
def grant(customer_id: str) -> BaseResponse:
    """Give store credit, or take it, once for each form."""
    known = service(CustomerService).get(customer_id)
    account, form = _own_account(known), GrantForm(request.form)
    if not form.validate():
        return _show(known, 422, _CHECK, form, grant_form=form)
    credit, key = service(CreditService), form.key.data or ""
    if credit.was_granted(key):
        only_looked()
        leave_message(Text("This was booked before: nothing was changed again."))
        return leave_to(f"/admin/customers/{known.id}")
    before = _balances(account)
    try:
        credit.grant(
            account.id, form.money, reason=form.reason.data or "", by=staff().email, key=key
        )
    except Invalid as refusal:
        form.amount.errors = [refusal.message]
        return _show(known, 422, _CHECK, form, grant_form=form)
    changed(f"customer:{known.id}", known.email, before, _balances(account))
    note(form.reason.data or "")
    leave_message(Text("The store credit is booked."))
    return leave_to(f"/admin/customers/{known.id}")


def _balances(account: Account) -> dict[str, object]:
    found = service(CreditService).of_account(account.id)
    return {"store_credit": {each.currency: str(each.balance.to_major()) for each in found}}


@blueprint.post("/<customer_id>/groups")
@needs(Permission.CUSTOMERS_EDIT)
def change_groups(customer_id: str) -> BaseResponse:
    """Put a customer into a group (``add``), or take them out of one (``remove``)."""
    groups, known = service(GroupService), service(CustomerService).get(customer_id)
    before = sorted(groups.codes_of([known.email]))
    if code := request.form.get("add", ""):
        groups.add(code, [known.email])
    elif code := request.form.get("remove", ""):
        groups.remove(code, [known.email])
    else:
        raise Invalid(Text("Please choose a group."))
    after = sorted(groups.codes_of([known.email]))
    changed(f"customer:{known.id}", known.email, {"groups": before}, {"groups": after})
    return leave_to(f"/admin/customers/{known.id}")


# --- the customer's account -----------------------------------------------------------------------


def _own_account(known: Customer) -> Account:
    """The account of a customer. Raises ``NotFound`` for a guest."""
    account = service(AccountService).find(known.account_id) if known.account_id else None
    if account is None:
        raise NotFound(Text("This customer has no account."))
    return account


def _shoppers_account(known: Customer) -> Account:
    """The same, of somebody who does not work here. Raises ``StaffAccount``."""
    account = _own_account(known)
    if account.role.is_staff:
        raise StaffAccount
    return account


@blueprint.post("/<customer_id>/logout")
@needs(Permission.CUSTOMERS_EDIT)
def log_out(customer_id: str) -> BaseResponse:
    """End every session of the customer's account."""
    known = service(CustomerService).get(customer_id)
    account = _shoppers_account(known)
    ended = service(SessionService).revoke_all(account.id, "Ended by the shop")
    changed(f"customer:{known.id}", known.email, {"sessions": ended}, {"sessions": 0})
    leave_message(Text("Logged out everywhere."))
    return leave_to(f"/admin/customers/{known.id}")


@blueprint.post("/<customer_id>/reset")
@needs(Permission.CUSTOMERS_EDIT)
def send_reset(customer_id: str) -> BaseResponse:
    """Send the customer a link to set another password."""
    known = service(CustomerService).get(customer_id)
    account = _shoppers_account(known)
    with speaking(service(CustomerService).language_of(known)):
        service(AccountService).forget_password(account.email)
    changed(f"customer:{known.id}", known.email, {}, {"password_link": "sent"})
    leave_message(Text("A link to set a new password is on its way."))
    return leave_to(f"/admin/customers/{known.id}")


@blueprint.post("/<customer_id>/data")
@needs(Permission.CUSTOMERS_EDIT)
def export(customer_id: str) -> Response:
    """All that the shop has of an account, to hand over; that it was asked for is in the log."""
    known = service(CustomerService).get(customer_id)
    data = service(Leaving).export(_own_account(known))
    note(f"exported {known.id}")
    response = make_response(json.dumps(data, indent=2, ensure_ascii=False))
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{known.id}.json"'
    return response


@blueprint.post("/<customer_id>/erasure")
@needs(Permission.CUSTOMERS_EDIT)
def erase(customer_id: str) -> BaseResponse:
    """Delete the customer's account for good; the log does not keep whose it was."""
    known = service(CustomerService).get(customer_id)
    account = _shoppers_account(known)
    form = ErasureForm(request.form, email=known.email)
    if not form.validate():
        return _show(known, 422, _CHECK, form, erasure_form=form)
    try:
        with speaking(service(CustomerService).language_of(known)):
            service(Leaving).close(account)
    except Invalid as refusal:
        return _show(known, 422, refusal.message, erasure_form=form)
    changed(f"customer:{known.id}", known.id, {"account": known.id, "orders": known.orders}, None)
    leave_message(Text("The account is deleted. Its orders stay, as records of the shop."))
    return leave_to("/admin/customers")
