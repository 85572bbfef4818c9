"""Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher", table A1.

What belongs here: the rules of MassiveText on repetition. What does not: counting n-grams (ngrams.py).
A fraction is of the text's characters, or of its lines or paragraphs. Lines and paragraphs count from their
second occurrence on; so do n-grams of five words and more, from left to right and without overlap.
"""

import polars as pl

from webdata_assets.stages.clean.quality.rule import UNSPACED, Rule, rule

TOP_NGRAM_LIMITS = {2: 0.20, 3: 0.18, 4: 0.16}
DUPLICATE_NGRAM_LIMITS = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}


@rule("repetition")
def duplicate_lines() -> pl.Expr:
    """More than 30 % of lines are repeated (Rae et al. 2021, table A1)."""
    return pl.col("duplicate_lines") / pl.col("lines") > 0.30


@rule("repetition")
def duplicate_line_characters() -> pl.Expr:
    """More than 20 % of characters are in repeated lines (Rae et al. 2021, table A1)."""
    return pl.col("duplicate_line_characters") / pl.col("characters") > 0.20


@rule("repetition")
def duplicate_paragraphs() -> pl.Expr:
    """More than 30 % of paragraphs are repeated (Rae et al. 2021, table A1)."""
    return pl.col("duplicate_paragraphs") / pl.col("paragraphs") > 0.30


@rule("repetition")
def duplicate_paragraph_characters() -> pl.Expr:
    """More than 20 % of characters are in repeated paragraphs (Rae et al. 2021, table A1)."""
    return pl.col("duplicate_paragraph_characters") / pl.col("characters") > 0.20


def _top_ngram(n: int, limit: float) -> Rule:
    return Rule(
        f"repetition:top_{n}_gram",
        pl.col(f"top_{n}_gram_characters") / pl.col("characters") > limit,
        f"More than {limit:.0%} of characters are in the most frequent {n}-gram of words "
        "(Rae et al. 2021, table A1).",
        not_for=UNSPACED,
    )


def _duplicate_ngrams(n: int, limit: float) -> Rule:
    return Rule(
        f"repetition:duplicate_{n}_grams",
        pl.col(f"duplicate_{n}_gram_characters") / pl.col("characters") > limit,
        f"More than {limit:.0%} of characters are in repeated {n}-grams of words "
        "(Rae et al. 2021, table A1).",
        not_for=UNSPACED,
    )


RULES = (
    duplicate_lines,
    duplicate_line_characters,
    duplicate_paragraphs,
    duplicate_paragraph_characters,
    *(_top_ngram(n, limit) for n, limit in TOP_NGRAM_LIMITS.items()),
    *(_duplicate_ngrams(n, limit) for n, limit in DUPLICATE_NGRAM_LIMITS.items()),
)
