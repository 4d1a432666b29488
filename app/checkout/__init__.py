"""Checkout: joins cart, stock, orders and payments; the only place that knows all four."""
