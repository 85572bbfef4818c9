"""Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher".

What belongs here: the quality rules of MassiveText. What does not: its rules on repetition (repetition.py).
Words and symbols are those of signals.py, where punctuation marks are words of their own as in datatrove.
"""

import polars as pl

from webdata_assets.stages.clean.quality.rule import ENGLISH, UNSPACED, rule


@rule("gopher", not_for=UNSPACED)
def word_count() -> pl.Expr:
    """Fewer than 50 or more than 100,000 words (Rae et al. 2021)."""
    return ~pl.col("words").is_between(50, 100_000)


@rule("gopher", not_for=UNSPACED)
def mean_word_length() -> pl.Expr:
    """Mean length of words below 3 or above 10 characters (Rae et al. 2021)."""
    return ~(pl.col("word_characters") / pl.col("words")).is_between(3, 10)


@rule("gopher", not_for=UNSPACED)
def hash_ratio() -> pl.Expr:
    """More than 0.1 `#` per word or mark (Rae et al. 2021: symbol-to-word ratio)."""
    return pl.col("hashes") / pl.col("tokens") > 0.1


@rule("gopher", not_for=UNSPACED)
def ellipsis_ratio() -> pl.Expr:
    """More than 0.1 ellipses (`...`, `…`) per word or mark (Rae et al. 2021: symbol-to-word ratio)."""
    return pl.col("ellipses") / pl.col("tokens") > 0.1


@rule("gopher")
def bullet_lines() -> pl.Expr:
    """More than 90 % of lines start with `•` or `-` (Rae et al. 2021)."""
    return pl.col("bullet_lines") / pl.col("lines") > 0.9


@rule("gopher")
def ellipsis_lines() -> pl.Expr:
    """More than 30 % of lines end with an ellipsis (Rae et al. 2021)."""
    return pl.col("ellipsis_lines") / pl.col("lines") > 0.3


@rule("gopher", not_for=UNSPACED)
def alphabetic_words() -> pl.Expr:
    """Fewer than 80 % of words and marks have a letter (Rae et al. 2021)."""
    return pl.col("alphabetic_words") / pl.col("tokens") < 0.8


@rule("gopher", only=ENGLISH)
def stop_words() -> pl.Expr:
    """Fewer than two of `the be to of and that have with` (Rae et al. 2021). For English."""
    return pl.col("stop_words") < 2


RULES = (
    word_count,
    mean_word_length,
    hash_ratio,
    ellipsis_ratio,
    bullet_lines,
    ellipsis_lines,
    alphabetic_words,
    stop_words,
)
