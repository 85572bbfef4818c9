"""Tests of what runs without a person: repairs, retraining, schedules, and a real daemon."""
