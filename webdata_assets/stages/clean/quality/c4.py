"""Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer".

What belongs here: the rules of C4. What does not: its list of bad words, which is no measure of quality.
C4 takes lines away; a record is kept whole or not, so a rule on lines is broken where the lines that C4 would
take away for it hold more than half of the text.
"""

import polars as pl

from webdata_assets.stages.clean.quality.rule import ENGLISH, WITHOUT_FULL_STOPS, rule


@rule("c4", not_for=WITHOUT_FULL_STOPS)
def terminal_punctuation() -> pl.Expr:
    """More than half of the characters are in lines without a full stop, `?`, `!` or quote at their end, or
    with `...` there (Raffel et al. 2020 drop such lines)."""
    return pl.col("open_line_characters") / pl.col("line_characters") > 0.5


@rule("c4", not_for=WITHOUT_FULL_STOPS)
def sentences() -> pl.Expr:
    """Fewer than 5 sentences in the lines that C4 keeps: those that end with punctuation, have three words,
    and mention neither Javascript nor policies (Raffel et al. 2020: pages with fewer than 5 sentences)."""
    return pl.col("sentences") < 5


@rule("c4")
def lorem_ipsum() -> pl.Expr:
    """The phrase `lorem ipsum` appears in a line of prose: one that ends with punctuation and has three words
    (Raffel et al. 2020; their code looks at such lines only)."""
    return pl.col("has_lorem_ipsum")


@rule("c4")
def curly_bracket() -> pl.Expr:
    """A curly bracket `{` appears in a line of prose that does not mention Javascript (Raffel et al. 2020;
    their code looks at such lines only)."""
    return pl.col("has_curly_bracket")


@rule("c4")
def javascript() -> pl.Expr:
    """More than half of the characters are in lines with the word Javascript (Raffel et al. 2020 drop such
    lines)."""
    return pl.col("javascript_line_characters") / pl.col("line_characters") > 0.5


@rule("c4", only=ENGLISH)
def policy() -> pl.Expr:
    """More than half of the characters are in lines with `terms of use`, `privacy policy`, `cookie policy`,
    `uses cookies`, `use of cookies` or `use cookies` (Raffel et al. 2020 drop such lines). For English."""
    return pl.col("policy_line_characters") / pl.col("line_characters") > 0.5


RULES = (terminal_punctuation, sentences, lorem_ipsum, curly_bracket, javascript, policy)
