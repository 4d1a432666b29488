"""MongoDB access: the client, transactions, migrations and the outbox."""
