"""One fault after the other under a mixed load, and what it costs whom: ``make faults``."""
