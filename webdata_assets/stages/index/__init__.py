"""Vectors and text → a searchable index, and hybrid search over it."""
