"""Features that a model takes: one number per record, known for every record.

What belongs here: their declarations, in the order in which a model takes them. What does not: features with
nulls, and those that tell partitions apart rather than records (features.py).
"""

import dataframely as dy

from webdata_assets.schemas.feature import count, flag, number, share

_PER_100_WORDS = "per 100 words"


class ModelFeatures(dy.Schema):
    r"""What a model takes, in this order. Words are runs of `\w`; sentences end with `.`, `!`, `?` or a line.

    Structure is that of the record's Markdown. Of the URL it is the shape, never the site: a model shall work
    on sites that it has not seen.
    """

    title_characters = count("characters", "length of title")
    text_characters = count("characters", "length of text")
    text_words = count("words", "words of text")
    mean_word_characters = number("characters per word", "word characters / words of text")
    mean_sentence_words = number("words per sentence", "words / sentences of text")
    digit_share = share("digits / characters of text")
    uppercase_share = share("upper-case letters / letters of text")
    unique_word_share = share("different words / words of text, without regard to case")
    lix = number(
        "LIX", "words / sentences + 100 × words of more than 6 characters / words",
        source="Björnsson, Läsbarhet, 1968",
    )  # fmt: skip
    """Readability in any language with spaces between words: up to 30 very easy, above 60 very hard."""
    headings_per_100_words = number(_PER_100_WORDS, "100 × headings of structured_text / words of text")
    list_items_per_100_words = number(_PER_100_WORDS, "100 × list items of structured_text / words of text")
    tables_per_100_words = number(_PER_100_WORDS, "100 × tables of structured_text / words of text")
    code_blocks_per_100_words = number(_PER_100_WORDS, "100 × fenced code of structured_text / words of text")
    link_density = share(
        "link_share of the record: characters in links / characters of its main content",
        source="Kohlschütter et al., Boilerplate Detection using Shallow Text Features, 2010",
    )
    language_confidence = share("language_confidence of the record")
    content_confidence = share("content_confidence of the record")
    quality_flag_count = count("broken rules", "number of quality_flags of the record")
    tokens = count("tokens", "tokens of the record")
    log_price = number("ln(currency)", "ln(1 + price)")
    has_price = flag("price is not null", unknown="false")
    age_days = number("days", "end of the partition's date - published_at; 0 where that is later")
    days_since_modified = number("days", "end of the partition's date - modified_at; 0 where that is later")
    change_rate = number("changes per day", "content_changes / (date - first_date of changes)")
    """How often its content changed over its admitted versions up to the date; 0 on the first day."""
    path_segments = count("segments", "segments of the path of url that are not empty")
    path_characters = count("characters", "length of path without `/`; an encoded character counts as one")
    path_digit_share = share("digits / path_characters")
    path_number_segments = count("segments", "segments of path that begin with a whole number")
    """Ids and dates: 3 of `/2026/05/18-a-new-park`, none of `/4th`."""
    last_segment_characters = count("characters", "length of the last segment of path")
    last_segment_hyphens = count("hyphens", "hyphens of the last segment of path")
    has_file_extension = flag("path ends with `.`, a letter, and up to 4 letters or digits", unknown="false")
    has_query = flag("the query of url is not empty", unknown="false")


FEATURE_COLUMNS = tuple(ModelFeatures.columns())
"""The numeric columns, in the order in which a model takes them."""
