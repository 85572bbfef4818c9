"""Numbers of a text that quality rules judge.

What belongs here: counting characters, words, lines and paragraphs, for many texts at once. What does not:
n-grams (ngrams.py), thresholds (gopher.py, repetition.py, c4.py, fineweb.py).
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from webdata_assets.stages.clean.quality.ngrams import Words, count_ngrams, groups_of_equal, mixed
from webdata_assets.stages.clean.quality.repetition import DUPLICATE_NGRAM_LIMITS, TOP_NGRAM_LIMITS

SHORT_LINE_CHARACTERS = 30
STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
POLICIES = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)

_WORD_OR_MARK = (
    r"(?:https?://|www\.)\S+|[0-9]\w*(?:[.,:/][0-9]\w*)*"
    r"|['’@]?\w+(?:-[0-9]\w*|\.[a-z0-9]\w*|[+&@($~\\]\w+)*\+?|[.-]{2,}|[^\w\s\p{C}]"
)
"""Words, numbers, addresses and marks: nearly those of spaCy's English tokenizer, which datatrove uses."""
_MARK = (
    r"""^(?:\.{2,}|["!#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""
    r"""|[´–—‘’“”„…‹›«»●、。〈〉「」【】！（），．：；？～])+$"""
)
_CITATION = r"\[[0-9]*\]|\[edit\]|\[citation needed\]"
_THREE_WORDS = r"\S\s+\S+\s+\S"
_SENTENCE_END = r"""[.!?…。！？।؟]+["'”’»)\]]*(?:\s|$)"""


def signals(texts: pl.Series) -> pl.DataFrame:
    """Return one row of numbers per text, none of them null; a null text counts as an empty one.

    Lines and paragraphs are those that are not blank.
    """
    texts = texts.fill_null("").alias("text")
    whole = texts.to_frame().select(
        characters=pl.col("text").str.len_chars(),
        hashes=pl.col("text").str.count_matches("#", literal=True),
        ellipses=pl.col("text").str.count_matches(r"\.\.\.|…"),
        line_breaks=pl.col("text").str.count_matches("\n", literal=True),
        stop_words=pl.sum_horizontal(
            pl.col("text").str.contains(rf"(?-u:\b){word}(?-u:\b)").cast(pl.UInt8) for word in STOP_WORDS
        ),
    )
    return pl.concat(
        [
            whole,
            _of_words(texts, whole["characters"]),
            _of_lines(texts),
            _of_paragraphs(texts),
        ],
        how="horizontal",
    )


def _of_words(texts: pl.Series, characters: pl.Series) -> pl.DataFrame:
    tokens = texts.str.extract_all(_WORD_OR_MARK)
    counts = tokens.list.len()
    token = tokens.explode(empty_as_null=False)
    lengths = token.str.len_chars()
    words = Words(
        token.hash().to_numpy(), lengths.to_numpy().astype(np.int64), counts.to_numpy().astype(np.int64)
    )
    letterless = pl.DataFrame({"text": words.texts, "token": token, "length": lengths}).filter(
        ~pl.col("token").str.contains(r"\p{Alphabetic}")
    )
    marks = letterless.filter(pl.col("token").str.contains(_MARK))
    sizes = words.characters(words.starts, words.counts)
    return pl.DataFrame(
        {
            "tokens": counts,
            "alphabetic_words": counts.to_numpy() - _per_text(letterless["text"], len(texts)),
            "words": counts.to_numpy() - _per_text(marks["text"], len(texts)),
            "word_characters": sizes - _per_text(marks["text"], len(texts), marks["length"]),
            **count_ngrams(
                words, characters.to_numpy().astype(np.int64), TOP_NGRAM_LIMITS, DUPLICATE_NGRAM_LIMITS
            ),
        }
    )


def _of_lines(texts: pl.Series) -> pl.DataFrame:
    line, length = pl.col("piece"), pl.col("length")
    facts = (
        _pieces(texts, "\n")
        .with_columns(ending=line.str.replace_all(_CITATION, "").str.strip_chars_end())
        .with_columns(
            is_closed=pl.col("ending").str.contains(r"""[.?!"']$""") & ~pl.col("ending").str.ends_with("..."),
            has_javascript=line.str.contains("(?i)javascript"),
            has_policy=line.str.contains(f"(?i){'|'.join(POLICIES)}"),
        )
        .with_columns(is_prose=pl.col("is_closed") & line.str.contains(_THREE_WORDS))
        .with_columns(is_kept=pl.col("is_prose") & ~pl.col("has_javascript") & ~pl.col("has_policy"))
    )
    return _summed(
        facts,
        len(texts),
        lines=pl.len(),
        line_characters=length.sum(),
        duplicate_lines=pl.col("is_repeated").sum(),
        duplicate_line_characters=length.filter("is_repeated").sum(),
        bullet_lines=line.str.contains(r"^\s*[•-]").sum(),
        ellipsis_lines=line.str.contains(r"(?:\.\.\.|…)\s*$").sum(),
        closed_lines=line.str.contains(r"\p{Sentence_Terminal}$").sum(),
        short_lines=(length <= SHORT_LINE_CHARACTERS).sum(),
        open_line_characters=length.filter(~pl.col("is_closed")).sum(),
        javascript_line_characters=length.filter("has_javascript").sum(),
        policy_line_characters=length.filter("has_policy").sum(),
        has_lorem_ipsum=line.filter("is_prose").str.contains("(?i)lorem ipsum").any(),
        has_curly_bracket=line.filter(pl.col("is_prose") & ~pl.col("has_javascript"))
        .str.contains("{", literal=True)
        .any(),
        sentences=line.filter("is_kept").str.count_matches(_SENTENCE_END).clip(lower_bound=1).sum(),
    )


def _of_paragraphs(texts: pl.Series) -> pl.DataFrame:
    return _summed(
        _pieces(texts.str.replace_all(r"\n{3,}", "\n\n"), "\n\n"),
        len(texts),
        paragraphs=pl.len(),
        duplicate_paragraphs=pl.col("is_repeated").sum(),
        duplicate_paragraph_characters=pl.col("length").filter("is_repeated").sum(),
    )


def _pieces(texts: pl.Series, separator: str) -> pl.DataFrame:
    """Return all pieces that are not blank, and whether their text had the same one before."""
    split = texts.str.split(separator)
    owners = np.repeat(np.arange(len(texts)), split.list.len())
    pieces = pl.DataFrame({"text": owners, "piece": split.explode()}).filter(
        pl.col("piece").str.contains(r"\S")
    )
    is_repeated = np.zeros(pieces.height, dtype=bool)
    hashes = mixed(pieces["text"].to_numpy().astype(np.uint64), pieces["piece"].hash().to_numpy())
    groups = groups_of_equal(hashes, np.arange(pieces.height))
    is_repeated[groups.later] = True
    return pieces.with_columns(
        length=pl.col("piece").str.len_chars(), is_repeated=pl.Series(is_repeated, dtype=pl.Boolean)
    )


def _summed(pieces: pl.DataFrame, count: int, **sums: pl.Expr) -> pl.DataFrame:
    """Return one row per text, with 0 for texts without a piece."""
    found = pieces.group_by("text").agg(**sums)
    every = pl.DataFrame({"text": np.arange(count)})
    return (
        every.join(found, on="text", how="left", maintain_order="left")
        .drop("text")
        .fill_null(0)
        .fill_null(value=False)
    )


def _per_text(owners: pl.Series, count: int, weights: pl.Series | None = None) -> npt.NDArray[np.int64]:
    counted = np.bincount(owners.to_numpy(), None if weights is None else weights.to_numpy(), count)
    return counted.astype(np.int64)
