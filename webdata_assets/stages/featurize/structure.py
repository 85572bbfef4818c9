"""Features of the text's structure: what its Markdown holds, per 100 words, and how much of it is links.

What belongs here: formulas over `structured_text`. What does not: making it (stages/extract).
"""

import polars as pl

from webdata_assets.stages.featurize.text import WORDS, ratio

_FENCED_CODE = r"(?ms)^ *```.*?^ *```[^\n]*$"
_COUNTED = {
    "headings": r"(?m)^#{1,6} ",
    "list_items": r"(?m)^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S",
    # the line below a table's head is its one certain mark
    "tables": r"(?m)^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?[ \t]*$",
}
_MARKDOWN = pl.col("structured_text").fill_null("")


def structure_features() -> tuple[pl.Expr, ...]:
    """Return counts per 100 words, and link density; marks within fenced code do not count."""
    prose = _MARKDOWN.str.replace_all(_FENCED_CODE, "")
    counts = {name: prose.str.count_matches(pattern) for name, pattern in _COUNTED.items()}
    counts["code_blocks"] = _MARKDOWN.str.count_matches(_FENCED_CODE)
    return (
        *(ratio(100 * number, WORDS).alias(f"{name}_per_100_words") for name, number in counts.items()),
        pl.col("link_share").fill_null(0.0).alias("link_density"),
    )
