"""How the shop is put together: one module for each area, none of which decides anything."""
