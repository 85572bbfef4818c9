"""Dagster's webserver against pages of others: by itself, behind our guard, behind the documented proxy."""
