"""Clean record → feature row."""

CODE_VERSION = "3"
"""Raised whenever this code gives other features for the same record."""
