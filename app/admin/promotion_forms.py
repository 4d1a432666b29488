"""The form of a promotion: what it gives depends on its kind, the rest is the same for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import Length

from app.admin.entry_fields import Amount, Lines, Moment, Share, Units, WholeNumber, missing
from app.admin.inventory_forms import RequestKey
from app.markets.models import Market
from app.promotions.kinds import Stacking
from app.shared.emails import normal_email
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm

KINDS = {
    "percentage": Text("Per cent off"),
    "fixed": Text("Amount off"),
    "free_shipping": Text("Free shipping"),
    "buy_get": Text("Buy some, get some"),
    "bundle": Text("Set of things"),
}
EXPLAINED = {
    "percentage": Text("A share off everything, or off some products."),
    "fixed": Text("An amount off, of its own in each market."),
    "free_shipping": Text("No charge for some ways of shipping, or for all."),
    "buy_get": Text("Buy two, get the third for less or for nothing."),
    "bundle": Text("These variants together, for a price or for a share less."),
}
SCOPES = ("products", "skus", "collections", "vendors", "types", "tags")
_SCOPE_LABELS = {
    "products": Text("Products"), "skus": Text("SKUs"), "collections": Text("Collections"),
    "vendors": Text("Vendors"), "types": Text("Types"), "tags": Text("Tags"),
}  # fmt: skip
_STACKING = {
    Stacking.COMBINABLE.value: Text("With all others that may be combined"),
    Stacking.ALONE_IN_LEVEL.value: Text("With no other on the same: items, order or shipping"),
    Stacking.EXCLUSIVE.value: Text("With no other at all"),
}
_SETS = {"price": Text("For a price"), "share": Text("For a share less")}


class PromotionForm(ShopForm):
    """What every promotion has. Amounts by market and what a kind gives are added to it."""

    key = RequestKey(prefix="prm")
    revision = HiddenField()
    name = StringField(Text("Name"), validators=[Length(max=100, message=TOO_LONG)])
    how = RadioField(
        Text("How shoppers get it"),
        choices={"code": Text("With a code"), "automatic": Text("By itself")},
        default="code",
    )
    code = StringField(Text("First code"))
    active = BooleanField(Text("Switched on"), default=True)
    minimum_quantity = WholeNumber(Text("At least so many units"), most=100_000)
    markets = SelectMultipleField(Text("Only in these markets"), validate_choice=False)
    first_order = BooleanField(Text("Only with a first order"))
    emails = Lines(Text("Only for these e-mail addresses"))
    accounts = Lines(Text("Only for these account ids"))
    groups = SelectMultipleField(Text("Only for these groups"), validate_choice=False)
    starts_at = Moment(Text("From (UTC)"))
    ends_at = Moment(Text("Until (UTC)"))
    limit_total = WholeNumber(Text("Orders in all"), least=1)
    limit_per_customer = WholeNumber(Text("Orders of one customer"), least=1)
    stacking = SelectField(Text("Used together"), choices=_STACKING)
    priority = WholeNumber(Text("Priority"), least=-10_000, most=10_000, needed=True)

    kind = ""  # of what it gives

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field by itself, then what its kind takes."""
        super().validate(extra_validators)
        for field, message in _LACKS.get(self.kind, _lacks_nothing)(self):
            field.errors = field.errors or [message]
        return not self.errors

    def change(self) -> None:
        """It is the form of a promotion that is there: its key is not the form's to say."""
        del self.key

    @property
    def known_revision(self) -> int:
        """The revision that was read; 0 is none that there is."""
        return whole(self.revision.data or "", 0)

    def validate_name(self, field: Field) -> None:
        """Shoppers read it."""
        if not (field.data or "").strip():
            raise ValidationError(Text("A promotion has a name, which shoppers read."))

    def validate_ends_at(self, field: Moment) -> None:
        """After it began."""
        if field.value and self.starts_at.value and field.value <= self.starts_at.value:
            raise ValidationError(Text("It would end before it begins."))

    def validate_emails(self, field: Lines) -> None:
        """Each in its one spelling."""
        try:
            field.value = tuple(dict.fromkeys(map(normal_email, field.value)))
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def amounts(self, start: str) -> list[Amount]:
        """The amounts of every market whose names begin so."""
        found = (field for field in self if isinstance(field, Amount))
        return [field for field in found if field.name.startswith(f"{start}_")]

    def value_of(self, name: str) -> Any:
        """What the text of a field means, see ``entry_fields``."""
        field: Any = self[name]
        return field.value


class TrialForm(ShopForm):
    """A cart that nobody has."""

    trial_lines = Units(Text("SKUs and units"))
    trial_market = SelectField(Text("Market"), validate_choice=False)
    trial_email = StringField(Text("Customer’s e-mail address"))

    def validate_trial_lines(self, field: Units) -> None:
        """Something."""
        if not field.value:
            raise ValidationError(Text("Please name at least one SKU."))


def promotion_form(kind: str, markets: Sequence[Market]) -> type[PromotionForm]:
    """The form of a kind, with an amount for each market."""
    fields: dict[str, Any] = {
        **_scope_fields("scope"),
        **_amounts("subtotal", markets),
        **_benefit_fields(kind, markets),
    }
    made: type[PromotionForm] = type("PromotionForm", (PromotionForm,), {"kind": kind, **fields})
    return made


def _scope_fields(start: str) -> dict[str, Any]:
    return {f"{start}_{name}": Lines(_SCOPE_LABELS[name]) for name in SCOPES}


def _amounts(start: str, markets: Iterable[Market]) -> dict[str, Any]:
    return {
        f"{start}_{each.code}": Amount(f"{each.name} ({each.currency})", currency=each.currency)
        for each in markets
    }


def _benefit_fields(kind: str, markets: Sequence[Market]) -> dict[str, Any]:
    times = WholeNumber(Text("At most so often in an order"), most=1000)
    match kind:
        case "percentage":
            return {"share": Share(Text("Per cent off"), needed=True)}
        case "fixed":
            return _amounts("amount", markets)
        case "free_shipping":
            names = {each.code: each.name for market in markets for zone in market.zones
                     for each in zone.methods}  # fmt: skip
            methods = SelectMultipleField(
                Text("Only these ways of shipping"), choices=names, validate_choice=False
            )
            return {"methods": methods}
        case "buy_get":
            return {
                "buy": WholeNumber(Text("Buy"), least=1, most=1000, needed=True),
                "get": WholeNumber(Text("Get"), least=1, most=1000, needed=True),
                "share": Share(Text("Per cent off what they get"), needed=True),
                "times": times,
                **_scope_fields("get"),
            }
        case _:
            return {
                "parts": Units(Text("SKUs and units of a set")),
                "pricing": RadioField(Text("The set costs"), choices=_SETS, default="price"),
                **_amounts("price", markets),
                "set_share": Share(Text("Per cent off")),
                "times": times,
            }


def _lacks_nothing(_: PromotionForm) -> Iterable[tuple[Field, str]]:
    """What it takes has fields of its own."""
    return ()


def _lacks_amount(form: PromotionForm) -> Iterable[tuple[Field, str]]:
    """One market at least has an amount."""
    fields = form.amounts("amount")
    if all(field.value is None for field in fields):
        yield fields[0], Text("Please give the amount of one market at least.")


def _lacks_parts(form: PromotionForm) -> Iterable[tuple[Field, str]]:
    """A set has parts, and costs something together."""
    if not form.value_of("parts"):
        yield form["parts"], Text("Please name the SKUs of a set.")
    if form["pricing"].data == "share" and form.value_of("set_share") is None:
        yield form["set_share"], missing(form["set_share"])
    prices = form.amounts("price")
    if form["pricing"].data == "price" and all(field.value is None for field in prices):
        yield prices[0], Text("Please give the price of one market at least.")


_LACKS = {"fixed": _lacks_amount, "bundle": _lacks_parts}
