"""What may be in a cart."""

from __future__ import annotations

from app.catalog.rules import MOST_PER_ORDER
from app.shared.errors import Invalid
from app.shared.ids import AccountId, CartId
from app.shared.texts import Text

MAX_QUANTITY = MOST_PER_ORDER
MAX_LINES = 100
MAX_SAVED = 100  # lines put aside for later
_ACCOUNT_CART = "cart_of_"  # no guest's cart id begins like this, see ``new_id``


def account_cart_id(account_id: AccountId) -> CartId:
    """The one cart of an account: every device finds it, and two first adds share it."""
    return CartId(f"{_ACCOUNT_CART}{account_id}")


def is_account_cart(cart_id: CartId) -> bool:
    """Whether the cart is an account's, which never expires, and not a guest's."""
    return cart_id.startswith(_ACCOUNT_CART)


def parse_quantity(text: str, *, least: int) -> int:
    """Read a quantity as typed. Raises ``Invalid`` beside ``quantity`` if it is not a whole
    number from ``least`` to ``MAX_QUANTITY``."""
    cleaned = text.strip()
    if not cleaned.removeprefix("-").isascii() or not cleaned.removeprefix("-").isdigit():
        raise _bad_quantity(Text("Please enter a whole number."))
    if len(cleaned) > 9 or int(cleaned) > MAX_QUANTITY:
        raise _bad_quantity(Text("You can order up to %(most)s of one item.", most=MAX_QUANTITY))
    if int(cleaned) < least:
        raise _bad_quantity(Text("The quantity must be at least %(least)s.", least=least))
    return int(cleaned)


def check_stock(
    quantity: int,
    already: int,
    limit: int | None,
    *,
    sets: bool = False,
    elsewhere: bool = False,
) -> None:
    """Check that ``quantity`` more can be added to ``already``; ``limit`` None is unlimited stock.

    ``sets``: they are of a bundle; ``elsewhere``: other lines of the cart have some of it. Raises
    ``Invalid`` beside ``quantity``.
    """
    wanted = quantity + already
    if wanted > MAX_QUANTITY:
        raise _bad_quantity(Text("You can order up to %(most)s of one item.", most=MAX_QUANTITY))
    if limit is None or wanted <= limit:
        return
    if limit <= 0 and elsewhere:
        raise _bad_quantity(Text("All that is left of it is in other lines of your cart already."))
    if limit <= 0:
        raise _bad_quantity(Text("This is sold out at the moment."))
    left = only_left(limit, sets=sets)
    if not already:
        raise _bad_quantity(Text("%(only_left)s.", only_left=left))
    raise _bad_quantity(
        Text(
            "%(only_left)s, and %(already)s of them in your cart already.",
            only_left=left,
            already=already,
        )
    )


def only_left(limit: int, *, sets: bool) -> Text:
    """How many are left, in words."""
    if sets:
        return Text.counted("Only %(num)s set left", "Only %(num)s sets left", limit)
    return Text.counted("Only %(num)s left", "Only %(num)s left", limit)


def _bad_quantity(message: str) -> Invalid:
    return Invalid(message, {"quantity": message})
