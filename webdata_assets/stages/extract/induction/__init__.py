"""Selectors for fields that are no longer found, induced from the values that earlier records had.

What belongs here: pure functions over pages and known values. What does not: reading stored records (store/),
and putting a selector into a source file (sources/editing.py).
"""
