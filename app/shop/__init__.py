"""What the owner set up by hand: kept in the database, versioned, the same in every process."""
