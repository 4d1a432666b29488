"""What stock alerts tell the rest of the shop."""

STOCK_MOVED = "stock_alerts.stock_moved"  # payload: skus; somebody may be waiting for them
STOCK_BACK = "stock_alerts.back"  # payload: alert_id; one person is to be told
