"""What happens to an order after it is placed: shipments, cancelling, returns, papers."""
