"""Penedo et al. 2024, "The FineWeb Datasets: Decanting the Web for the Finest Text Data at Scale".

What belongs here: the rules that FineWeb adds to those of C4 and Gopher. What does not: those (c4.py,
gopher.py).
"""

import polars as pl

from webdata_assets.stages.clean.quality.rule import UNSPACED, WITHOUT_FULL_STOPS, rule


@rule("fineweb", not_for=WITHOUT_FULL_STOPS)
def line_punctuation() -> pl.Expr:
    """At most 12 % of lines end with a mark that ends sentences (Penedo et al. 2024)."""
    return pl.col("closed_lines") / pl.col("lines") <= 0.12


@rule("fineweb")
def short_lines() -> pl.Expr:
    """At least 67 % of lines have at most 30 characters (Penedo et al. 2024)."""
    return pl.col("short_lines") / pl.col("lines") >= 0.67


@rule("fineweb")
def duplicate_line_characters() -> pl.Expr:
    """At least 10 % of characters are in repeated lines (Penedo et al. 2024; datatrove's default is 1 %)."""
    return pl.col("duplicate_line_characters") / pl.col("line_characters") >= 0.10


@rule("fineweb", not_for=UNSPACED)
def list_ratio() -> pl.Expr:
    """More than 0.3 line breaks per word or mark (datatrove's filter of FineWeb; not in the paper)."""
    return pl.col("line_breaks") / pl.col("tokens") > 0.3


RULES = (line_punctuation, short_lines, duplicate_line_characters, list_ratio)
