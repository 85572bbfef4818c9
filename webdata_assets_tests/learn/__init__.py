"""Tests of webdata_assets.stages.learn."""
