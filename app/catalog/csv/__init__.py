"""Shopify's product CSV, in both directions.

Format: Shopify Help Center, "Using CSV files to import and export products". One product spans
several rows with the same handle: the first has the product's own fields, each row may carry a
variant, a picture, or both.
"""
