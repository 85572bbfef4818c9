"""Tests of webdata_assets.tasks."""
