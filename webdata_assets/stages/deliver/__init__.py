"""Rows → sinks: idempotent merges that readers see whole or not at all."""
