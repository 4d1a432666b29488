"""Operation: what is deployed, watched, traced, and stopped."""
