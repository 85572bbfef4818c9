"""Readability of the text, and the structure of its Markdown."""

import polars as pl
import pytest

from webdata_assets.stages.featurize.features import featurize
from webdata_assets_tests.store.rows import DAY, frame, row

MARKDOWN = """\
# Title

Some [words of a link](https://x.test/a_(b) "t") and ![an image](/i.png).

## Part

- one
* two
1. three
  - four

| a | b |
|---|:-:|
| 1 | 2 |

```python
# no heading
- no item [no](link)
```

~~~ is no fence
"""


def feature(name: str, **values: object) -> object:
    return featurize(frame("records", row("records", **values)), DAY)[name].item()


@pytest.mark.parametrize(
    ("text", "ease", "grade"),
    [
        # 6 words of 6 syllables, 13 words of 24, and 2 sentences of 4 words of 4
        ("The cat sat on the mat.", 116.145, -1.45),
        ("The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.", 37.5, 11.3),
        ("Mr. Lake likes cakes", 206.835 - 1.015 * 2 - 84.6, 0.39 * 2 + 11.8 - 15.59),
    ],
)
def test_english_readability_follows_the_papers(text: str, ease: float, grade: float) -> None:
    assert feature("flesch_reading_ease", text=text, language="en") == pytest.approx(ease, abs=0.1)
    assert feature("flesch_kincaid_grade", text=text, language="en") == pytest.approx(grade, abs=0.1)


@pytest.mark.parametrize(
    ("languages", "known"),
    [
        ({"language": "en"}, True),
        ({"language": "de"}, False),
        ({}, False),
        ({"language": "de", "detected_language": "en"}, True),
        ({"language": "en", "detected_language": "de"}, False),
    ],
)
def test_flesch_is_for_english_as_found_in_the_text_first(languages: dict[str, str], known: bool) -> None:
    assert (feature("flesch_reading_ease", text="A cat sat.", **languages) is not None) == known


@pytest.mark.parametrize("text", [None, "", "...", "!?"])
def test_no_words_have_no_readability(text: str | None) -> None:
    assert feature("flesch_reading_ease", text=text, language="en") is None
    assert feature("lix", text=text) == 0


def test_lix_is_sentence_length_plus_the_percentage_of_long_words() -> None:
    assert feature("lix", text="Läsbarheten mäts så. En två tre fyra fem.") == pytest.approx(4 + 100 / 8)


@pytest.mark.parametrize(
    ("name", "per_100"),
    [("headings", 2), ("list_items", 4), ("tables", 1), ("code_blocks", 1)],
)
def test_structure_is_counted_per_100_words_outside_of_code(name: str, per_100: int) -> None:
    text = "word " * 100
    assert feature(f"{name}_per_100_words", text=text, structured_text=MARKDOWN) == per_100
    assert feature(f"{name}_per_100_words", text=text) == 0
    assert feature(f"{name}_per_100_words", structured_text=MARKDOWN, text=None) == 0


def test_scores_of_the_record_are_taken_over() -> None:
    values = {
        "quality_flags": ["a", "b"],
        "tokens": 7,
        "language_confidence": 0.5,
        "content_confidence": 0.25,
        "link_share": 0.125,
    }
    found = featurize(frame("records", row("records", **values), row("records", number=1)), DAY)
    names = ("quality_flag_count", "tokens", "language_confidence", "content_confidence", "link_density")
    assert sorted(found.select(names).rows()) == [(0, 0, 0.0, 0.0, 0.0), (2, 7, 0.5, 0.25, 0.125)]


def test_hostile_markdown_takes_bounded_time() -> None:
    for hostile in ("[" * 200_000, "![](" * 50_000, "```\n" * 50_000, "|-" * 100_000):
        assert feature("tables_per_100_words", structured_text=hostile, text="word") is not None


def test_the_features_of_some_rows_do_not_depend_on_the_others() -> None:
    rows = frame("records", *(row("records", number=n, text=f"Text {n}. " * n) for n in range(9)))
    whole = featurize(rows, DAY)
    assert pl.concat([featurize(some, DAY) for some in rows.iter_slices(2)]).equals(whole)
