"""Credit: gift cards and store credit, one ledger of what is had, held, spent and given back."""
