"""Tests of stages/clean."""
