"""Two versions of a record → what changed between them."""

CODE_VERSION = "1"
"""Raised whenever this code sees other changes between the same versions."""
