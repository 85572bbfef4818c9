"""Tests of assets whose shape matters beside what they compute."""
