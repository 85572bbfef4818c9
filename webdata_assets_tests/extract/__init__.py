"""Tests of stages/extract."""
