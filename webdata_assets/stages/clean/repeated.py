"""Boilerplate: paragraphs that most texts of a partition share.

What belongs here: finding and removing them, for sources that ask for it. What does not: what one page alone
tells of its main content (stages/extract).
"""

import polars as pl

LEAST_TEXTS = 3
"""Fewer different texts tell nothing: what two pages share may well be their subject."""


def without_repeated_paragraphs(texts: pl.Series, min_share: float = 0.5) -> pl.Series:
    """Return the texts without paragraphs that occur in at least a share of them; the rest stays as it is.

    A paragraph is a line, compared without case and white space. Copies of one text count once, so that a
    page which was crawled under many URLs is not taken for boilerplate, and a text of which nothing would be
    left is left alone. What holds Markdown together stays: fences and the code in them, rows of tables, and
    lines without a word.

    Args:
        texts: of one site or partition; nulls stay null.
        min_share: of the different texts, of which there must be at least three.
    """
    different = texts.drop_nulls().unique()
    needed = max(LEAST_TEXTS, min_share * different.len())
    repeated = (
        _paragraphs(different)
        .filter(pl.col("is_prose"))
        .group_by("folded")
        .agg(texts=pl.col("text").n_unique())
        .filter(pl.col("texts") >= needed)
    )
    if repeated.is_empty():
        return texts
    kept = (
        _paragraphs(texts)
        .join(
            repeated.with_columns(is_prose=True), on=["folded", "is_prose"], how="anti", maintain_order="left"
        )
        .group_by("text", maintain_order=True)
        .agg(pl.col("paragraph").str.join("\n"))
        .with_columns(pl.col("paragraph").str.strip_chars("\n").str.replace_all(r"\n{3,}", "\n\n"))
        .filter(pl.col("paragraph").str.strip_chars() != "")
    )
    numbered = pl.DataFrame({"whole": texts}).with_row_index("text")
    return (
        numbered.join(kept, on="text", how="left", maintain_order="left")
        .select(pl.coalesce("paragraph", "whole"))
        .to_series()
        .alias(texts.name)
    )


def _paragraphs(texts: pl.Series) -> pl.DataFrame:
    """Return each line as `paragraph`, with its `text`'s number, `folded` for comparing, and `is_prose`."""
    in_code = pl.col("paragraph").str.contains(r"^(?:> )*`{3,}$").cum_sum().over("text") % 2 == 1
    return (
        pl.DataFrame({"paragraph": texts})
        .with_row_index("text")
        .drop_nulls()
        .with_columns(pl.col("paragraph").str.split("\n"))
        .explode("paragraph")
        .with_columns(
            folded=pl.col("paragraph").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars(),
            is_prose=pl.col("paragraph").str.contains(r"^[^|\w]*\w") & ~in_code,
        )
    )
