"""A stored cart seen with today's products, prices and stock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.cart.allotting import allot, units_in, waits_of
from app.cart.models import (
    Cart,
    CartLine,
    GiftNote,
    PricedCart,
    PricedLine,
    PricedPart,
    SavedLine,
)
from app.cart.rules import MAX_QUANTITY, only_left
from app.cart.waiting import with_wait
from app.catalog.bundles import Catalogue, apart, is_choice, limited_stock, price_of, sets_left
from app.catalog.models import Image, Price, Product, Variant
from app.catalog.rules import left_message, stock_message
from app.markets.models import Market
from app.shared.ids import LineId, Sku
from app.shared.money import Money, total
from app.shared.texts import Text

MoneyText = Callable[[Money, str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ware:
    """What a line is of, as it is sold today; no ``price`` where it is not."""

    product: Product
    variant: Variant
    parts: tuple[PricedPart, ...]
    price: Price | None
    weight_grams: int
    changed: bool = False  # a bundle that cannot be had like this any more

    @property
    def sold(self) -> bool:
        """Whether it can be bought if the stock allows it."""
        return self.price is not None and not self.changed


def price_cart(
    cart: Cart | None,
    market: Market,
    found: Catalogue,
    stock: Mapping[Sku, int],
    money_text: MoneyText,
) -> PricedCart:
    """Price every line in ``market``. A line that cannot be sold stays, with the reason.

    ``found`` has everything that is in range of the lines' SKUs and their parts.
    """
    stored = cart.lines if cart else ()
    wares = {line.id: _ware(line, market, found) for line in stored}
    limited = limited_stock(stock, found)
    sold = [line for line in stored if _is_sold(wares[line.id])]
    limits = allot(sold, limited)
    waits = waits_of(sold, found, stock)
    notes = {note.sku: note for note in cart.gift_notes} if cart else {}
    lines = tuple(
        with_wait(
            _price_line(
                line, market, wares[line.id], limits, limited, money_text, notes.get(line.sku)
            ),
            found,
            waits.get(line.id, {}),
            market.locale,
        )
        for line in stored
    )
    return PricedCart(
        id=cart.id if cart else None,
        version=cart.version if cart else 0,
        market=market.code,
        currency=market.currency,
        lines=lines,
        subtotal=total((line.total for line in lines if line.sellable), market.currency),
        count=sum(line.quantity for line in lines),
        saved=tuple(
            _price_saved(line, _ware(line, market, found), limited, stock, market)
            for line in (cart.saved if cart else ())
        ),
        gift_cards=cart.gift_cards if cart else (),
        holders=cart.holders if cart else (),
    )


def _is_sold(ware: _Ware | None) -> bool:
    return ware is not None and ware.sold


def _ware(line: CartLine, market: Market, found: Catalogue) -> _Ware | None:
    if line.sku not in found:
        return None
    product, variant = found[line.sku]
    if not (line.parts or product.is_bundle):
        return _Ware(
            product=product,
            variant=variant,
            parts=(),
            price=variant.price_in(market.code),
            weight_grams=variant.weight_grams,
        )
    parts = _parts(line, market, found)
    return _Ware(
        product=product,
        variant=variant,
        parts=parts,
        price=price_of(product, line.parts, found, market.code, market.rounding),
        weight_grams=sum(found[part.sku][1].weight_grams * part.quantity for part in parts),
        changed=not is_choice(product, line.parts) or len(parts) != len(line.parts),
    )


def _parts(line: CartLine, market: Market, found: Catalogue) -> tuple[PricedPart, ...]:
    """The chosen parts that are still in range."""
    costs = apart(line.parts, found, market.code) or {}
    zero = Money.zero(market.currency)
    return tuple(
        PricedPart(
            position=part.position,
            sku=part.sku,
            title=found[part.sku][0].title,
            variant_title=found[part.sku][1].title,
            quantity=part.quantity,
            apart=costs.get(part.position, zero),
            taxable=found[part.sku][1].taxable,
            tax_class=found[part.sku][0].tax_class,
        )
        for part in line.parts
        if part.sku in found
    )


def _price_line(
    line: CartLine,
    market: Market,
    ware: _Ware | None,
    limits: Mapping[LineId, int | None],
    limited: Mapping[Sku, int],
    money_text: MoneyText,
    note: GiftNote | None,
) -> PricedLine:
    if ware is None:
        return _gone(line, market)
    product, variant, price = ware.product, ware.variant, ware.price
    amount = price.amount if price else Money.zero(market.currency)
    allowed = limits.get(line.id)
    limit = MAX_QUANTITY if allowed is None else min(allowed, MAX_QUANTITY)
    problem = _problem(line, ware, limit, limited)
    return PricedLine(
        id=line.id,
        sku=line.sku,
        product_id=line.product_id,
        slug=product.slug,
        title=product.title,
        variant_title=variant.title,
        image=_image(product, variant),
        quantity=line.quantity,
        unit_price=amount,
        compare_at=price.compare_at if price else None,
        total=amount * line.quantity,
        max_quantity=limit,
        weight_grams=ware.weight_grams,
        taxable=variant.taxable,
        notice=problem or _price_change(line, market, amount, money_text),
        sellable=not problem,
        vendor=product.vendor,
        type=product.type,
        tags=product.tags,
        parts=ware.parts,
        tax_class=product.tax_class,
        gift_card=product.is_gift_card,
        gift_email=note.email if note and product.is_gift_card else "",
        gift_message=note.message if note and product.is_gift_card else "",
    )


def _price_saved(
    line: CartLine,
    ware: _Ware | None,
    limited: Mapping[Sku, int],
    stock: Mapping[Sku, int],
    market: Market,
) -> SavedLine:
    left = sets_left(units_in(line.goods), limited)
    text: str = Text("This has left our range.")
    if ware is not None:
        text = _stock_text(line, ware, left, stock, market) if ware.sold else _not_sold(ware)
    return SavedLine(
        id=line.id,
        slug=ware.product.slug if ware else "",
        title=ware.product.title if ware else Text("No longer available"),
        variant_title=ware.variant.title if ware else line.sku,
        image=_image(ware.product, ware.variant) if ware else None,
        quantity=line.quantity,
        unit_price=ware.price.amount if ware and ware.price else None,
        stock_text=text,
        can_move=_is_sold(ware) and (left is None or left > 0),
        parts=ware.parts if ware else (),
    )


def _stock_text(
    line: CartLine, ware: _Ware, left: int | None, stock: Mapping[Sku, int], market: Market
) -> str:
    if line.parts:
        return left_message(left, sets=True)
    return stock_message(ware.variant, market.code, stock, market.locale)


def _not_sold(ware: _Ware) -> str:
    return (
        Text("This set is no longer made like this.")
        if ware.changed
        else Text("Not sold in your market")
    )


def _problem(line: CartLine, ware: _Ware, limit: int, limited: Mapping[Sku, int]) -> str:
    if ware.changed:
        return Text("This set is no longer made like this. Please remove it and choose again.")
    if ware.price is None:
        return Text("This is not sold in your market.")
    if limit == 0:
        if (sets_left(units_in(line.goods), limited) or 0) > 0:
            return Text(
                "What is left of it is in the lines above. Please lower or remove one of them."
            )
        return Text("Sold out since you added it. Please remove it to check out.")
    if line.quantity > limit:
        return Text(
            "%(only_left)s. Please lower the quantity.",
            only_left=only_left(limit, sets=bool(line.parts)),
        )
    return ""


def _price_change(line: CartLine, market: Market, amount: Money, money_text: MoneyText) -> str:
    seen = line.seen_prices.get(market.code)
    if seen is None or seen == amount.minor:
        return ""
    before = money_text(Money(seen, market.currency), market.locale)
    after = money_text(amount, market.locale)
    return Text(
        "The price changed from %(before)s to %(after)s since you added it.",
        before=before,
        after=after,
    )


def _gone(line: CartLine, market: Market) -> PricedLine:
    zero = Money.zero(market.currency)
    return PricedLine(
        id=line.id,
        sku=line.sku,
        product_id=line.product_id,
        slug="",
        title=Text("No longer available"),
        variant_title=line.sku,
        image=None,
        quantity=line.quantity,
        unit_price=zero,
        compare_at=None,
        total=zero,
        max_quantity=0,
        weight_grams=0,
        taxable=False,
        notice=Text("This has left our range. Please remove it to check out."),
        sellable=False,
    )


def _image(product: Product, variant: Variant) -> Image | None:
    by_source = {image.src: image for image in product.images}
    if variant.image_src in by_source:
        return by_source[variant.image_src]
    for image in product.images:
        if image.option_values and image.option_values.items() <= variant.options.items():
            return image
    return product.images[0] if product.images else None
