"""What checkout tells the rest of the shop."""

from enum import StrEnum

REFUNDED = "checkout.refunded"  # payload: order_id, refund_id, amount (minor units)
REFUND_RETURNED = "checkout.refund_returned"  # by the bank; payload: order_id, refund_id, amount
PAYMENT_RETURNED = "checkout.payment_returned"  # payload: order_id, payment_id, message, words
REPAIR_WANTED = "checkout.repair_wanted"  # payload: finding_id, action, by
DUPLICATE_PREVENTED = "checkout.duplicate_prevented"  # payload: kind, market


class Duplicate(StrEnum):
    """A request that would have ordered the same again."""

    DOUBLE_CLICK = "double_click"  # the same form, while its first request was carried out
    REPLAYED_KEY = "replayed_key"  # the same form, later
    SECOND_TAB = "second_tab"  # another form of the same cart
