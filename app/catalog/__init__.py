"""Products, categories and collections: storing, finding and showing them."""
