r"""Features of the text itself: lengths, shares, readability.

What belongs here: formulas over title and text. What does not: the Markdown of the text (structure.py).
"""

import polars as pl

_TEXT = pl.col("text").fill_null("")
WORDS = _TEXT.str.count_matches(r"\w+")
r"""Runs of `\w`."""
_SENTENCES = _TEXT.str.count_matches(r"[^.!?。！？\n]*\w[^.!?。！？\n]*")
_LONG_WORDS = _TEXT.str.count_matches(r"\w{7,}")

_VOWEL_GROUPS = r"[aeiouy]+"
_SILENT_E = r"[aeiouy][a-z]*[^\Waeiouyl]es?\b"
_WITHOUT_VOWELS = r"\b[^\W\daeiouy]+\b"


def text_features() -> tuple[pl.Expr, ...]:
    """Return lengths and shares."""
    characters = _TEXT.str.len_chars()
    words = _TEXT.str.to_lowercase().str.extract_all(r"\w+")
    letters = _TEXT.str.count_matches(r"\p{L}")
    return (
        pl.col("title").fill_null("").str.len_chars().alias("title_characters"),
        characters.alias("text_characters"),
        WORDS.alias("text_words"),
        ratio(_TEXT.str.count_matches(r"\w"), WORDS).alias("mean_word_characters"),
        ratio(WORDS, _SENTENCES).alias("mean_sentence_words"),
        ratio(_TEXT.str.count_matches(r"\d"), characters).alias("digit_share"),
        ratio(_TEXT.str.count_matches(r"\p{Lu}"), letters).alias("uppercase_share"),
        ratio(words.list.n_unique(), words.list.len()).alias("unique_word_share"),
    )


def readability() -> tuple[pl.Expr, ...]:
    """Return LIX, and for English the two formulas of Flesch and of Kincaid et al.

    Syllables are counted as groups of vowels, without a final silent e, and one for a word without a vowel.
    """
    per_sentence, per_word = WORDS / _SENTENCES, _syllables() / WORDS
    english = pl.coalesce("detected_language", "language") == "en"
    measured = pl.when(english & (WORDS > 0))
    return (
        (ratio(WORDS, _SENTENCES) + 100 * ratio(_LONG_WORDS, WORDS)).alias("lix"),
        measured.then(206.835 - 1.015 * per_sentence - 84.6 * per_word).alias("flesch_reading_ease"),
        measured.then(0.39 * per_sentence + 11.8 * per_word - 15.59).alias("flesch_kincaid_grade"),
    )


def ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return part / whole, 0 where the whole is 0."""
    return pl.when(whole > 0).then(part / whole).otherwise(0.0)


def _syllables() -> pl.Expr:
    lower = _TEXT.str.to_lowercase()
    groups, silent, bare = (
        lower.str.count_matches(pattern).cast(pl.Int64)
        for pattern in (_VOWEL_GROUPS, _SILENT_E, _WITHOUT_VOWELS)
    )
    return groups - silent + bare
