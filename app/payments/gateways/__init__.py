"""The only code that speaks to Stripe and Razorpay."""
