"""Pages of the owner's own words: terms, privacy, shipping and returns, who we are."""
