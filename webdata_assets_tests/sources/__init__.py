"""Tests of the source files and what reads them."""
