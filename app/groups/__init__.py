"""Groups of customers, by e-mail address: who is a wholesaler, who is a friend of the shop."""
