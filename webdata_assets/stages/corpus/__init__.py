"""Admitted records → the current state of every record."""
