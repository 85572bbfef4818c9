"""Dagster's UI in a real browser, over a store and an instance that real runs have filled."""
