"""The address book."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.account.forms import EntryForm, entry_form
from app.identity.address_book import AddressBook
from app.identity.context import current_account
from app.identity.models import SavedAddress
from app.markets.context import current_market
from app.shared.errors import Invalid
from app.shared.ids import AddressId
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page, private

blueprint = Blueprint("addresses", __name__, url_prefix="/account/addresses")
_CHECK = Text("Please check the fields below.")


def _show(
    form: EntryForm,
    status: int = 200,
    message: str = "",
    entry: SavedAddress | None = None,
) -> Response:
    return private(
        page(
            "account/addresses.html",
            "content",
            status,
            account=current_account(),
            form=form,
            entry=entry,
            message=message,
        )
    )


@blueprint.get("")
def show() -> Response:
    """The book, and the form for another entry."""
    current_account()
    return _show(entry_form(current_market()))


@blueprint.post("")
def add() -> BaseResponse:
    """Add an entry; the same one twice is one."""
    account, form = current_account(), entry_form(current_market(), request.form)
    if not form.validate():
        return _show(form, 422, _CHECK)
    try:
        service(AddressBook).add(account.id, form.address(), default=bool(form.is_default.data))
    except Invalid as refusal:
        return _show(form, 422, refusal.message)
    leave_message(Text("The address is in your book."))
    return leave_to("/account/addresses")


@blueprint.get("/<address_id>")
def edit(address_id: str) -> Response:
    """The form for an entry."""
    entry = service(AddressBook).get(current_account().id, AddressId(address_id))
    return _show(entry_form(current_market(), entry=entry), entry=entry)


@blueprint.post("/<address_id>")
def change(address_id: str) -> BaseResponse:
    """Change an entry."""
    account, form = current_account(), entry_form(current_market(), request.form)
    entry = service(AddressBook).get(account.id, AddressId(address_id))
    if not form.validate():
        return _show(form, 422, _CHECK, entry)
    service(AddressBook).replace(
        account.id, entry.id, form.address(), default=bool(form.is_default.data)
    )
    leave_message(Text("The address is changed."))
    return leave_to("/account/addresses")


@blueprint.post("/<address_id>/default")
def make_default(address_id: str) -> BaseResponse:
    """Offer this entry first."""
    service(AddressBook).make_default(current_account().id, AddressId(address_id))
    return leave_to("/account/addresses")


@blueprint.post("/<address_id>/removal")
def remove(address_id: str) -> BaseResponse:
    """Remove an entry; doing it again changes nothing."""
    service(AddressBook).remove(current_account().id, AddressId(address_id))
    leave_message(Text("The address is removed."))
    return leave_to("/account/addresses")
