"""Tools for those who make the shop; nothing of it runs in production."""
