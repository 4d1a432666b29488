"""What other packages may hear about markets."""

MARKET_CHANGED = "market.changed"
