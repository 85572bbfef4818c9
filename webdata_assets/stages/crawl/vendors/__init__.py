"""Vendors' services as ways in: their documented HTTP protocols, spoken over our own transport."""
