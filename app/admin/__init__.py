"""The panel from which the owner and staff run the shop."""
