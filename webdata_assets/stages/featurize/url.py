"""Features of the address: how deep, how long, and what its path looks like.

What belongs here: formulas over the shape of `url`. What does not: which site it is, because a model shall
work on sites that it has not seen; formulas over the page itself.
"""

import polars as pl

from webdata_assets.stages.featurize.text import ratio

# a character that is percent-encoded as UTF-8: its first byte, and those that continue it
_FIRST_BYTE, _NEXT_BYTE = r"%[0-7C-Fc-f][0-9A-Fa-f]", r"%[89ABab][0-9A-Fa-f]"


def url_features() -> tuple[pl.Expr, ...]:
    """Return lengths, shares and flags; 0 and false without a path or a URL."""
    url = pl.col("url").fill_null("")
    path = url.str.extract(r"^https?://[^/?#]*([^?#]*)").fill_null("")
    path = path.str.replace_all(_NEXT_BYTE, "").str.replace_all(_FIRST_BYTE, "_")
    last = path.str.extract(r"([^/]+)/*$").fill_null("")
    characters = path.str.count_matches(r"[^/]")
    return (
        path.str.count_matches(r"[^/]+").alias("path_segments"),
        characters.alias("path_characters"),
        ratio(path.str.count_matches(r"[0-9]"), characters).alias("path_digit_share"),
        path.str.count_matches(r"/[0-9]+\b").alias("path_number_segments"),
        last.str.len_chars().alias("last_segment_characters"),
        last.str.count_matches("-", literal=True).alias("last_segment_hyphens"),
        path.str.contains(r"\.[A-Za-z][0-9A-Za-z]{0,4}$").alias("has_file_extension"),
        url.str.contains(r"^[^#]*\?[^#]").alias("has_query"),
    )
