"""Chunks: exact slices of a text, each with the context it is encoded in, short enough to be read."""
