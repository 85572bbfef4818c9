"""Tests of what people are told: rules, messages, delivery."""
