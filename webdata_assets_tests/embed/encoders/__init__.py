"""Tests of webdata_assets.stages.embed.encoders."""
