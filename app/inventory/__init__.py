"""Stock: what is on hand, what is reserved for orders, and why it moved."""
