"""What the shop knows of persons: how long it keeps it, and how it forgets (docs/privacy.md)."""
