"""An offline stand-in for Stripe and Razorpay, with a ledger of its own. See README.md here.

The shop never imports it; it speaks to the shop over HTTP alone, as the gateways do.
"""
