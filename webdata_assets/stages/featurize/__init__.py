"""Clean record → feature row."""

CODE_VERSION = "1"
"""Raised whenever this code gives other features for the same record."""
