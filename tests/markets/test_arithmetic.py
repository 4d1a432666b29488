"""Sums that hold in any market."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from app.cart.models import PricedCart
from app.cart.promoting import items_of, with_discounts
from app.checkout.refund_rules import RefundWish, balance_of, everything, parts_of
from app.checkout.rules import Quote, quote_cart
from app.fulfilment.crediting import credit_taxes, taxes_given
from app.markets.models import Market, PriceRounding, ShippingTax, TaxMode, TaxRule
from app.markets.rounding import fits, round_price
from app.markets.shipping import Band, ShippingKind, ShippingMethod, ShippingZone
from app.markets.taxing import RateTax, tax_on
from app.promotions.kinds import Percentage
from app.promotions.models import Discounts
from app.promotions.stacking import Basket, choose
from app.shared.money import Money, exponent, payable_step, total
from tests.support.promotions import make_cart, make_promotion
from tests.support.quoted import order_of
from tests.unit.test_refund_rules import as_refund

CLASSES = ("standard", "reduced", "zero", "other")
CURRENCIES = st.sampled_from(["JPY", "KRW", "USD", "EUR", "INR", "KWD", "BHD"])
RATES = st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 3000), max_size=4)
LINES = st.lists(
    st.tuples(st.integers(1, 20), st.integers(1, 200_000), st.sampled_from(CLASSES), st.booleans()),
    min_size=1,
    max_size=5,
)


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Any market that sells in the United States."""
    currency = draw(CURRENCIES)
    step = payable_step(currency)

    def amount() -> Money:
        return Money(draw(st.integers(0, 5000)) * step, currency)

    methods = (
        ShippingMethod(
            code="standard",
            name="Standard",
            price=amount(),
            min_days=1,
            max_days=2,
            free_from=draw(st.none() | st.just(amount())),
            after_discounts=draw(st.booleans()),
        ),
        ShippingMethod(
            code="value",
            name="Value",
            min_days=1,
            max_days=2,
            kind=ShippingKind.BY_SUBTOTAL,
            bands=(Band(up_to=10_000, price=amount()), Band(up_to=None, price=amount())),
        ),
    )
    return Market(
        code="XX",
        name="Anywhere",
        currency=currency,
        locale="en_US",
        countries=("US",),
        tax=TaxRule(
            name="Tax",
            mode=draw(st.sampled_from(TaxMode)),
            rates={"standard": draw(st.integers(0, 3000)), **draw(RATES)},
            regions={"CA": draw(RATES)},
            shipping=draw(st.sampled_from(ShippingTax)),
        ),
        zones=(ShippingZone(code="home", name="", countries=("US",), methods=methods),),
        gateways=("stripe",),
    )


def _quoted(
    market: Market, lines: list[tuple[int, int, str, bool]], off: int, method: str
) -> tuple[PricedCart, Quote]:
    cart = make_cart(market, [(f"S{n}", many, price) for n, (many, price, *_) in enumerate(lines)])
    priced = tuple(
        replace(line, tax_class=tax_class, taxable=taxable)
        for line, (_, _, tax_class, taxable) in zip(cart.lines, lines, strict=True)
    )
    cart = replace(cart, lines=priced)
    if off:
        promotion = make_promotion(Percentage(basis_points=off))
        basket = Basket(items=items_of(cart), market=market.code, shipping=0)
        reductions = choose([(promotion, "")], basket)
        cart = with_discounts(cart, Discounts(reductions=reductions))
    return cart, quote_cart(cart, market, "CA", method)


OFF = st.integers(0, 10_000)
METHOD = st.sampled_from(["standard", "value"])


@given(markets(), LINES, OFF, METHOD)
@settings(max_examples=300)
def test_lines_less_discounts_and_shipping_and_tax_are_the_total(
    market: Market, lines: list[tuple[int, int, str, bool]], off: int, method: str
) -> None:
    _, quote = _quoted(market, lines, off, method)
    totals, zero = quote.totals, Money.zero(market.currency)
    added = zero if market.tax.is_inclusive else totals.tax
    rounding = totals.rounding or zero
    assert totals.total == (totals.subtotal - totals.discount + totals.shipping + added + rounding)
    assert totals.total.minor % payable_step(market.currency) == 0
    assert 2 * abs(rounding.minor) <= payable_step(market.currency)


@given(markets(), LINES, OFF, METHOD)
@settings(max_examples=300)
def test_taxes_by_rate_are_the_tax_and_each_is_right_for_what_bears_it(
    market: Market, lines: list[tuple[int, int, str, bool]], off: int, method: str
) -> None:
    cart, quote = _quoted(market, lines, off, method)
    totals = quote.totals
    assert total((each.tax for each in quote.taxes), market.currency) == totals.tax
    assert total((each.gross for each in quote.taxes), market.currency) == totals.total
    rounding = totals.rounding.minor if totals.rounding else 0
    for each in quote.taxes:
        bearing = each.gross if market.tax.is_inclusive else each.net
        exact = {
            tax_on(Money(bearing.minor - more, market.currency), each.rate, market.tax.mode)
            for more in (0, rounding)
        }
        assert each.tax in exact
    for line, tax in zip(cart.lines, quote.line_taxes, strict=True):
        assert tax.tax.minor >= 0
        if market.tax.is_inclusive:
            assert tax.tax.minor <= line.net.minor


# --- credit notes ---------------------------------------------------------------------------------


@given(markets(), LINES, OFF, st.data())
@settings(max_examples=300)
def test_credit_notes_of_everything_take_back_exactly_the_invoices_tax(
    market: Market, lines: list[tuple[int, int, str, bool]], off: int, data: st.DataObject
) -> None:
    cart, quote = _quoted(market, lines, off, "standard")
    order = order_of(cart, quote)
    step = payable_step(market.currency)
    refunds, notes, left = [], list[RateTax](), order.totals.total
    for _ in range(data.draw(st.integers(0, 4))):
        balance = balance_of(order, refunds, left)
        goodwill = data.draw(st.none() | st.integers(1, max(left.minor // step, 1)))
        wish = RefundWish(
            quantities={
                each.position: data.draw(st.integers(0, each.quantity)) for each in balance.lines
            },
            shipping=data.draw(st.booleans()),
            amount=Money(goodwill * step, market.currency) if goodwill else None,
        )
        try:
            parts = parts_of(order, balance, wish)
        except ValueError:
            raise
        except Exception:  # noqa: BLE001 - nothing to pay back
            continue
        assert parts.amount.minor % step == 0
        note = credit_taxes(order.taxes, notes, order, parts)
        assert total((each.gross for each in note), market.currency) == parts.amount
        assert all(each.tax.minor >= 0 for each in note)
        notes += note
        refunds.append(as_refund(parts))
        left -= parts.amount
    if left:
        balance = balance_of(order, refunds, left)
        parts = parts_of(order, balance, everything(balance))
        notes += credit_taxes(order.taxes, notes, order, parts)
    for rate in order.taxes:
        mine = [each for each in notes if each.rate == rate.rate]
        assert total((each.tax for each in mine), market.currency) == rate.tax
        assert total((each.gross for each in mine), market.currency) == rate.gross


@given(markets(), LINES, OFF, st.data())
@settings(max_examples=300)
def test_notes_of_refunds_that_a_bank_returned_leave_the_invoices_tax_whole(
    market: Market, lines: list[tuple[int, int, str, bool]], off: int, data: st.DataObject
) -> None:
    """Of some refunds a part is kept: what went to gift cards."""
    cart, quote = _quoted(market, lines, off, "standard")
    order = order_of(cart, quote)
    left, notes = order.totals.total, list[tuple[RateTax, ...]]()
    step = payable_step(market.currency)
    for _ in range(data.draw(st.integers(0, 4))):
        if not left:
            break
        balance = balance_of(order, (), left)
        amount = Money(data.draw(st.integers(1, left.minor // step)) * step, market.currency)
        wish = RefundWish(quantities={1: 1}, shipping=True, amount=amount)
        note = credit_taxes(order.taxes, _all(notes), order, parts_of(order, balance, wish))
        given = Money(data.draw(st.integers(0, amount.minor // step)) * step, market.currency)
        notes.append(taxes_given(note, given))
        assert total((each.gross for each in notes[-1]), market.currency) == given
        left -= given
    if left:
        parts = parts_of(
            order, balance_of(order, (), left), everything(balance_of(order, (), left))
        )
        notes.append(credit_taxes(order.taxes, _all(notes), order, parts))
    for rate in order.taxes:
        mine = [each for each in _all(notes) if each.rate == rate.rate]
        assert total((each.tax for each in mine), market.currency) == rate.tax
        assert total((each.gross for each in mine), market.currency) == rate.gross


def _all(notes: Iterable[tuple[RateTax, ...]]) -> list[RateTax]:
    return [each for note in notes for each in note]


# --- prices ---------------------------------------------------------------------------------------


@given(CURRENCIES, st.integers(0, 10**7), st.sampled_from(PriceRounding))
def test_a_rounded_price_is_the_nearest_of_its_kind(
    currency: str, minor: int, rounding: PriceRounding
) -> None:
    if not fits(rounding, currency):
        return
    rounded = round_price(Money(minor, currency), rounding).minor
    unit = 10 ** exponent(currency)
    if rounding is PriceRounding.NONE or not minor:
        assert rounded == minor
        return
    ending = {PriceRounding.WHOLE: 0, PriceRounding.POINT_95: 95, PriceRounding.POINT_99: 99}
    assert rounded % unit == ending[rounding] * unit // 100
    assert rounded > 0
    assert 2 * abs(rounded - minor) <= unit or rounded <= unit
