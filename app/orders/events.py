"""What orders tell the rest of the shop; payload: ``order_id``."""

ORDER_PAID = "order.paid"
ORDER_CANCELLED = "order.cancelled"
ORDER_WITHDRAWN = "order.withdrawn"  # its shopper cancelled it, before or after paying
