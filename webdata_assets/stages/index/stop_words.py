"""Words that say nothing about what a text is about.

What belongs here: the list that text indexes and snippets share. What does not: how words are compared.
"""

STOP_WORDS = (
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no",
    "not", "of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to",
    "was", "will", "with",
)  # fmt: skip
"""Lucene's list for English. LanceDB's own also drops digits and single letters, as in `Python 3` and `C`."""
