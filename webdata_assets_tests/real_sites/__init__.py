"""Servers that others wrote, on loopback for a test or a measurement, each with a log of its requests."""
