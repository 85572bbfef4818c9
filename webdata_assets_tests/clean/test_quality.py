import random
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.sources.clean import Quality
from webdata_assets.stages.clean.quality import rules
from webdata_assets.stages.clean.quality.ngrams import Words, count_ngrams
from webdata_assets.stages.clean.quality.rules import FAMILIES, quality_flags
from webdata_assets.stages.clean.quality.signals import signals

VOCABULARY = [
    "river", "stone", "window", "garden", "letter", "market", "winter", "summer", "bridge", "mountain",
    "teacher", "student", "picture", "music", "story", "table", "kitchen", "doctor", "station", "paper",
    "village", "island", "forest", "travel", "number", "evening", "morning", "coffee",
]  # fmt: skip


def prose(sentences: int = 12, seed: int = 0) -> str:
    chosen = random.Random(seed)
    said = (
        " ".join(["The", *chosen.sample(VOCABULARY, 5), "of", "that", *chosen.sample(VOCABULARY, 3)]) + "."
        for _ in range(sentences)
    )
    return "\n".join(said)


def flags(text: str | None, language: str | None = "en", **policy: object) -> list[str] | None:
    found = quality_flags(
        pl.Series([text], dtype=pl.String),
        pl.Series([language], dtype=pl.String),
        Quality.model_validate(policy),
    )
    return found.to_list()[0]


CLEAN = prose()
BROKEN = {
    "gopher:word_count": "The end of that is near.",
    "gopher:mean_word_length": "a b c d e f of the to be " * 20,
    "gopher:hash_ratio": CLEAN + " # #" * 40,
    "gopher:ellipsis_ratio": CLEAN + " word ..." * 40,
    "gopher:bullet_lines": "\n".join(f"- {line}" for line in CLEAN.split("\n")),
    "gopher:ellipsis_lines": CLEAN.replace(".\n", "...\n"),
    "gopher:alphabetic_words": CLEAN + " 123 456" * 40,
    "gopher:stop_words": " ".join(VOCABULARY) + " " + " ".join(reversed(VOCABULARY)),
    "repetition:duplicate_lines": CLEAN + "\nagain" * 10,
    "repetition:duplicate_line_characters": CLEAN + "\n" + "\n".join([CLEAN.split("\n")[0]] * 6),
    "repetition:duplicate_paragraphs": CLEAN + "\n\nagain" * 10,
    "repetition:duplicate_paragraph_characters": CLEAN + f"\n\n{CLEAN[:200]}" * 4,
    "repetition:top_2_gram": CLEAN + " quiet harbour" * 30,
    "repetition:top_3_gram": CLEAN + " quiet harbour lights" * 20,
    "repetition:top_4_gram": CLEAN + " quiet harbour lights tonight" * 15,
    **{f"repetition:duplicate_{n}_grams": f"{CLEAN} {CLEAN[:400]}" for n in range(5, 11)},
    "c4:terminal_punctuation": CLEAN.replace(".", ""),
    "c4:sentences": prose(4),
    "c4:lorem_ipsum": CLEAN + "\nLorem ipsum dolor sit amet.",
    "c4:curly_bracket": CLEAN + "\nThen { was written there.",
    "c4:javascript": CLEAN.replace("river", "Javascript").replace("The", "The JavaScript"),
    "c4:policy": CLEAN.replace("The", "The privacy policy"),
    "fineweb:line_punctuation": CLEAN.replace(".", ""),
    "fineweb:short_lines": CLEAN + "\nA short one." * 3 + "".join(f"\nNumber {n}." for n in range(30)),
    "fineweb:duplicate_line_characters": CLEAN + "\n" + "\n".join([CLEAN.split("\n")[0]] * 3),
    "fineweb:list_ratio": "\n".join(CLEAN.split(" ")),
}
ALL_RULES = [rule for family in FAMILIES.values() for rule in family]


def test_good_prose_breaks_no_rule() -> None:
    assert flags(CLEAN) == []


@pytest.mark.parametrize("name", [rule.name for rule in ALL_RULES])
def test_each_rule_is_broken_by_what_it_is_about(name: str) -> None:
    assert name in flags(BROKEN[name])


def test_every_rule_names_its_paper_or_says_that_there_is_none() -> None:
    for rule in ALL_RULES:
        assert "et al. 20" in rule.description or "not in the paper" in rule.description, rule.name
    names = [rule.name for rule in ALL_RULES]
    assert len(set(names)) == len(names)


def test_missing_texts_are_not_judged_and_empty_ones_are() -> None:
    assert flags(None) is None
    assert "gopher:word_count" in flags("")


def test_families_are_chosen_by_the_source() -> None:
    assert {name.partition(":")[0] for name in flags("{ x", rules=["gopher_quality"])} == {"gopher"}
    assert flags("x", rules=[]) == []


@pytest.mark.parametrize(
    ("name", "language", "judged"),
    [
        ("gopher:stop_words", "en", True),
        ("gopher:stop_words", None, True),
        ("gopher:stop_words", "de", False),
        ("gopher:word_count", "de", True),
        ("gopher:word_count", "zh", False),
        ("c4:policy", "fr", False),
        ("fineweb:line_punctuation", "th", False),
        ("fineweb:line_punctuation", "zh", True),
    ],
)
def test_rules_are_not_applied_to_languages_that_they_do_not_fit(name, language, judged) -> None:
    assert (name in flags(BROKEN[name], language)) is judged


def test_full_stops_of_other_scripts_end_lines() -> None:
    lines = "\n".join(["図書館は祝日のため休館となりますのでご注意ください。"] * 3)
    assert "fineweb:line_punctuation" not in flags(lines, "ja")


def test_a_text_is_judged_by_itself_whatever_is_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*BROKEN.values(), CLEAN, "", CLEAN, None]
    alone = [flags(text) for text in texts]
    for size in (1, 1_000, 10_000_000):
        monkeypatch.setattr(rules, "BATCH_BYTES", size)
        together = quality_flags(pl.Series(texts), pl.Series(["en"] * len(texts)), Quality())
        assert together.to_list() == alone


def _brute_force(words: list[str], n: int) -> tuple[int, int]:
    """Return characters of the top n-gram, and of repeated ones, as datatrove counts them."""
    ngrams = [tuple(words[at : at + n]) for at in range(len(words) - n + 1)]
    top, times = Counter(ngrams).most_common(1)[0] if ngrams else ((), 0)
    repeated = at = 0
    seen: set[tuple[str, ...]] = set()
    while at < len(ngrams):
        if ngrams[at] in seen:
            repeated += sum(map(len, ngrams[at]))
            at += n
        else:
            seen.add(ngrams[at])
            at += 1
    return times * len(" ".join(top)), repeated


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "bb", "ccc", "d"]), max_size=40), max_size=4))
def test_ngrams_are_counted_as_one_by_one(texts: list[list[str]]) -> None:
    flat = pl.Series([word for words in texts for word in words], dtype=pl.String)
    words = Words(
        flat.hash().to_numpy(),
        flat.str.len_chars().to_numpy().astype(np.int64),
        np.array([len(words) for words in texts], dtype=np.int64),
    )
    # with no share allowed every count is exact
    found = count_ngrams(words, words.counts, (2, 3, 4), dict.fromkeys(range(5, 11), -1.0))
    for number, one in enumerate(texts):
        for n in (2, 3, 4):
            assert found[f"top_{n}_gram_characters"][number] == _brute_force(one, n)[0]
        for n in range(5, 11):
            assert found[f"duplicate_{n}_gram_characters"][number] == _brute_force(one, n)[1]


def test_signals_of_a_small_text() -> None:
    text = "Don't count 3.5 marks, twice.\n- item …\n\n- item …\n\nSee https://example.org/a?b=c#d!"
    row = signals(pl.Series([text])).row(0, named=True)
    assert (row["lines"], row["paragraphs"], row["duplicate_lines"], row["bullet_lines"]) == (4, 3, 1, 2)
    assert (row["hashes"], row["ellipses"], row["ellipsis_lines"]) == (1, 2, 2)
    # Don 't count 3.5 marks , twice . | - item … | - item … | See https://…
    assert (row["tokens"], row["alphabetic_words"], row["words"]) == (16, 9, 10)
