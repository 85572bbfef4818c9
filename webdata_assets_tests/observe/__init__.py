"""Tests of what a deployment tells of itself."""
