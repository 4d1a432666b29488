"""Who waits for something that is sold out, and is told once when it is back."""
