"""Vocabulary every package shares: money, identifiers, the clock and errors."""
