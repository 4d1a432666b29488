"""Draft orders: carts that staff prepare, each behind a secret link to its checkout."""
