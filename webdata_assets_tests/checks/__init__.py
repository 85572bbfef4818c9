"""Checks: their formulas one by one, and how Dagster treats their results."""
