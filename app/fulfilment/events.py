"""What fulfilment tells the rest of the shop."""

SHIPPED = "fulfilment.shipped"  # payload: order_id, shipment_id, rest (units still to ship then)
DELIVERED = "fulfilment.delivered"  # payload: order_id, shipment_id
RETURN_MOVED = "fulfilment.return_moved"  # payload: order_id, return_id, state, answer
