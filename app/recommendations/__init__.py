"""What is bought together, and what a shopper may like, learnt from the shop's own orders."""
