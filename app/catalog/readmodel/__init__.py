"""The read model: every listing, count and order of the catalog, held in each process."""
