"""What orders tell the rest of the shop; payload: ``order_id``."""

ORDER_PAID = "order.paid"
ORDER_CANCELLED = "order.cancelled"
ORDERS_MOVED = "order.moved"  # payload: order_ids; they belong to another account, or to none now
# Staff send its confirmation again, also: key; or corrected its mail address, without one.
CONFIRMATION_ASKED = "order.confirmation_asked"
# Its shopper, or the shop (``by_shop``), cancelled it, before or after paying.
ORDER_WITHDRAWN = "order.withdrawn"
