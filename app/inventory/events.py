"""What the inventory tells the rest of the shop."""

STOCK_LOW = "inventory.low"  # payload: stock, a list of sku, available, low_at; staff are to know
