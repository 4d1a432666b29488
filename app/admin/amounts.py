"""Amounts as staff type them: major units, exact."""

from __future__ import annotations

from wtforms import StringField, ValidationError
from wtforms.validators import DataRequired, Length

from app.markets.service import MarketService
from app.shared.money import Money, exponent
from app.shared.texts import Text
from app.web.forms import TOO_LONG
from app.web.registry import service

MOST_MINOR = 10**12  # beyond it somebody leant on a key


def selling_currencies() -> list[str]:
    """The currencies of the shop's markets."""
    return sorted({each.currency for each in service(MarketService).every()})


def currency_choices() -> dict[str, str]:
    """The same for a field: that of the shop's own market comes first."""
    own = service(MarketService).default.currency
    return {each: each for each in sorted(selling_currencies(), key=lambda it: (it != own, it))}


def amount_field(label: str = Text("Amount")) -> StringField:
    """A field for an amount, whose form checks it by ``check_amount``."""
    return StringField(
        label,
        filters=[lambda text: (text or "").strip()],
        validators=[
            DataRequired(Text("Please enter an amount.")),
            Length(max=20, message=TOO_LONG),
        ],
    )


def check_amount(field: StringField, currency: str) -> Money:
    """The amount that was typed. Raises ``ValidationError`` that says what is wrong."""
    try:
        amount = Money.from_major(field.data or "", currency)
    except (ValueError, KeyError) as error:
        decimals = exponent(currency) if currency else 2
        example = "25" if decimals == 0 else f"25.{'0' * decimals}"
        raise ValidationError(
            Text("Please enter a plain number such as %(example)s.", example=example)
        ) from error
    if abs(amount.minor) > MOST_MINOR:
        raise ValidationError(Text("This amount is too large."))
    return amount
