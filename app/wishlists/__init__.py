"""What somebody would like to have: lists of guests, of accounts, and for others to see."""
