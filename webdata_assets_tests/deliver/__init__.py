"""Tests of webdata_assets.stages.deliver."""
