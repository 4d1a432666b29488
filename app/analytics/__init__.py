"""What was sold, paid and given back, in counters that pages read in milliseconds."""
