"""Politeness: how often a host is asked, what it forbids, and whether it is down."""
