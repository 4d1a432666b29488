"""Razorpay's API as far as the shop uses it: orders, payments, refunds, the hosted checkout."""
