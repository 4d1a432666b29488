"""Promotions: what makes an order cheaper, who may use it, and how often."""
