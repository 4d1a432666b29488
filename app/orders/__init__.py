"""Orders: placed once, moved forward only, with a history that is never rewritten."""
