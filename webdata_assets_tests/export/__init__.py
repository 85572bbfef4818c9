"""Tests of webdata_assets.stages.export."""
