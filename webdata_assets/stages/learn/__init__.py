"""Features and vectors → a classifier, its evaluation, and whether it may replace the one in use."""
