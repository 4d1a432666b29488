"""What buyers say of what they bought, shown once somebody here has read it."""
