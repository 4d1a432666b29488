"""What checkout tells the rest of the shop."""

PAYMENT_RETURNED = "checkout.payment_returned"  # payload: order_id, payment_id, message
