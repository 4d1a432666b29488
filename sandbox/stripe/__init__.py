"""Stripe's API as far as the shop uses it: checkout sessions, payment intents, refunds, events."""
