"""Who is who: accounts, passwords, sessions and their tokens, second factors, address books."""
