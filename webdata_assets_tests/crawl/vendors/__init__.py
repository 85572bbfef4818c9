"""Vendors' ways in against loopback servers that speak their protocols, beside the vendors' own clients."""
