"""Tests of webdata_assets; one folder per room of the package."""
