"""What we report of ourselves, computed a second time by loops over dictionaries.

What belongs here: figures that readers act on (reconciliation, admission, duplicates, service levels,
recall), worked out without polars, numpy or the code that reports them. What does not: values worked out by
hand, which stand in the tests of each room.
"""
