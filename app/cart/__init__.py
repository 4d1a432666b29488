"""Carts: kept in MongoDB, named by a signed cookie, never lost."""
