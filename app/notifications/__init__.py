"""Messages to shoppers, sent by the worker from the outbox."""
