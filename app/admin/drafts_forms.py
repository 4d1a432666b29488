"""The form of a draft order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from app.admin.orders_forms import amount, whole_number
from app.cart.rules import MAX_QUANTITY
from app.drafts.models import Wish
from app.drafts.service import MOST_DAYS
from app.markets.address_form import AddressForm
from app.markets.models import Market
from app.shared.emails import normal_email
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.postal import Address
from app.shared.texts import Text

_MOST_ROWS = 50
_NOTE_LENGTH = 1_000
_ADDRESS = ("name", "phone", "line1", "line2", "city", "state", "postal_code")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line of the form, as it was typed."""

    number: int
    sku: str = ""
    quantity: str = "1"


def rows(data: MultiDict[str, str], picked: str = "") -> list[Row]:
    """The rows of the form without empty ones, with what was ``picked``, and some to go on with."""
    found = [
        (data.get(f"sku-{n}", "").strip()[:200], data.get(f"quantity-{n}", "1")[:6])
        for n in range(1, _MOST_ROWS + 1)
    ]
    kept = [(sku, quantity) for sku, quantity in found if sku]
    if picked:
        kept.append((picked[:200], "1"))
    kept += [("", "1")] * (2 if len(kept) < _MOST_ROWS - 2 else 0)
    return [Row(number=n, sku=sku, quantity=q) for n, (sku, q) in enumerate(kept, 1)]


def address_form(data: MultiDict[str, str] | None, market: Market) -> AddressForm:
    """The customer's address, which may be left empty."""
    form = AddressForm(data)
    if data is not None and form.country.data not in market.countries:
        form.country.data = None
    form.offer_countries(market)
    return form


def read_wish(data: MultiDict[str, str], market: Market, form: AddressForm) -> Wish:
    """What the draft is to be. Raises ``Invalid`` with all that is wrong beside its field."""
    problems: dict[str, str] = {}

    def read(field: str, work: Any) -> Any:
        try:
            return work()
        except Invalid as refusal:
            problems.update(refusal.fields or {field: refusal.message})
            return None

    lines = read("sku-1", lambda: _lines(data))
    email = read("email", lambda: _email(data.get("email", "")))
    address = read("name", lambda: _address(form))
    percent, off = read("discount", lambda: _discount(data, market)) or (0, 0)
    days = read("days", lambda: _days(data.get("days", "")))
    if problems:
        raise Invalid(Text("Please check the fields below."), problems)
    return Wish(
        market=market.code,
        lines=lines,
        email=email,
        address=address,
        note=data.get("note", "").strip()[:_NOTE_LENGTH],
        percent=percent,
        amount_off=off,
        discount=f"{percent / 100:g} %"
        if percent
        else f"{data.get('discount', '').strip()} {market.currency}",
        days=days,
    )


def _lines(data: MultiDict[str, str]) -> tuple[tuple[Sku, int], ...]:
    found = []
    for row in rows(data):
        if not row.sku:
            continue
        name = f"quantity-{row.number}"
        quantity = whole_number(row.quantity, name)
        if not 0 < quantity <= MAX_QUANTITY:
            message = Text("Please enter a number from 1 to %(most)s.", most=MAX_QUANTITY)
            raise Invalid(message, {name: message})
        found.append((Sku(row.sku), quantity))
    return tuple(found)


def _email(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return normal_email(text)
    except ValueError as error:
        raise Invalid(str(error), {"email": str(error)}) from error


def _address(form: AddressForm) -> Address | None:
    """The address, None where nothing of it was typed. Raises ``Invalid``."""
    if not any(form[name].data for name in _ADDRESS):
        return None
    if not form.validate():
        raise Invalid("", {field.name: str(field.errors[0]) for field in form if field.errors})
    return form.address()


def _discount(data: MultiDict[str, str], market: Market) -> tuple[int, int]:
    """Basis points and minor units off; one of them or none."""
    if not data.get("discount", "").strip():
        return 0, 0
    if data.get("discount_kind") == "amount":
        off = amount(data, "discount", market.currency)
        return 0, off.minor if off else 0
    text = data.get("discount", "").strip().removesuffix("%").strip()
    whole, _, part = text.partition(".")
    digits = whole.isascii() and whole.isdecimal() and len(whole) < 4
    if not digits or (part and not (part.isascii() and part.isdecimal() and len(part) < 3)):
        raise _wrong_percentage()
    points = int(whole) * 100 + int(part.ljust(2, "0") or 0)
    if not 0 < points <= 10_000:
        raise _wrong_percentage()
    return points, 0


def _wrong_percentage() -> Invalid:
    message = Text("Please enter a percentage from 0.01 to 100.")
    return Invalid(message, {"discount": message})


def _days(text: str) -> int:
    days = whole_number(text, "days")
    if not 0 < days <= MOST_DAYS:
        message = Text("Please enter a number from 1 to %(most)s.", most=MOST_DAYS)
        raise Invalid(message, {"days": message})
    return days
