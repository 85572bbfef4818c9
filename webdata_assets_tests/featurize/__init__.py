"""Tests of stages/featurize."""
