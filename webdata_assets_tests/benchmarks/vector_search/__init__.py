"""Vectors and contenders of the index benchmark."""
