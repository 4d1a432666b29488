"""What checkout tells the rest of the shop."""

REFUNDED = "checkout.refunded"  # payload: order_id, refund_id, amount (minor units)
PAYMENT_RETURNED = "checkout.payment_returned"  # payload: order_id, payment_id, message, words
