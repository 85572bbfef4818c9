"""Tests of webdata_assets.stages.index."""
