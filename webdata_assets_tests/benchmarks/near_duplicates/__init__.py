"""A corpus with planted near-duplicates, and those that look for them."""
