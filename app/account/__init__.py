"""The account pages: where identity, carts and orders come together for one person."""
