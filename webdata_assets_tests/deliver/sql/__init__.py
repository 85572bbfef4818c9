"""Sinks that are databases, each on a real server or engine."""
