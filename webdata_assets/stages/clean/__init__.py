"""Candidate record → clean record, or quarantine with every reason."""

CODE_VERSION = "2"
"""Raised whenever this code gives other records for the same candidate; part of each record's `extractor`."""
