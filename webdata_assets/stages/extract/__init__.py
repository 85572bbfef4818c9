"""Payload → candidate record: decoding, structured data, selectors, typed values, main content."""

CODE_VERSION = "3"
"""Raised whenever this code gives other candidates for the same payload; part of each `extractor`."""
