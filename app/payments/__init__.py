"""Payments: one capture per order, whatever the network does. See docs/payments.md."""
