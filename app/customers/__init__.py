"""Customers: everybody with an account or an order, with what they bought and what is noted."""
