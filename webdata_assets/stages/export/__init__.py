"""Stored pages in the formats of other tools."""
