"""Stored rows in the formats of other tools."""
