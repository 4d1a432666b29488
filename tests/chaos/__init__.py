"""A campaign of faults against the whole shop: ``make chaos CHECKOUTS=10000``."""
