"""Tests of webdata_assets.sinks."""
