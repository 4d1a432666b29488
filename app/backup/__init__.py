"""The whole shop as one file (docs/backup.md)."""
