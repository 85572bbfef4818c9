"""Where labels come from."""

import polars as pl
import pytest

from webdata_assets.stages.learn.labels import label_of
from webdata_assets.tasks.model import Label, LabelRule
from webdata_assets_tests.learn.samples import corpus


def labels(label, **columns):
    return label_of(corpus(3, **columns), label).to_list()


def test_a_column_of_the_corpus_holds_the_label():
    assert labels(Label(field="category")) == ["kitchen", "garden", "office"]


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ('"news"', "news"), ('" news "', "news"), ('""', None), ("null", None), ("3", "3"),
        ("true", "true"), ('["news"]', None), ('{"a": 1}', None),
    ],
)  # fmt: skip
def test_a_field_of_the_sources_own_holds_the_label(value, label):
    extra = pl.lit(f'{{"section": {value}}}')
    assert labels(Label(field="section"), extra=extra) == [label] * 3


def test_a_field_that_is_not_there_labels_nothing():
    assert labels(Label(field="section")) == [None] * 3


def test_a_column_of_numbers_labels_with_their_text():
    assert labels(Label(field="tokens"), tokens=pl.lit(5, pl.Int32)) == ["5"] * 3


def test_a_column_of_lists_labels_nothing():
    assert labels(Label(field="quality_flags"), quality_flags=pl.lit(["c4:short"])) == [None] * 3


def test_the_first_rule_that_matches_counts():
    rules = (
        LabelRule(label="zeroth", field="url", matches="/0$"),
        LabelRule(label="item", field="title", matches="^Item [01]$"),
    )
    assert labels(Label(rules=rules)) == ["zeroth", "item", None]


def test_rules_read_fields_of_the_sources_own_and_skip_what_is_missing():
    rules = (
        LabelRule(label="never", field="author", matches=""),
        LabelRule(label="news", field="section", matches="(?i)^NEWS"),
    )
    assert labels(Label(rules=rules), extra=pl.lit('{"section": "news/world"}')) == ["news"] * 3
