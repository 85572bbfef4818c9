"""Clean record → feature row."""

CODE_VERSION = "2"
"""Raised whenever this code gives other features for the same record."""
