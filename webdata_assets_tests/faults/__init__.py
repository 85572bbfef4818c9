"""Tests of faults: the layout that breaks, and processes that are killed at any moment."""
