import datetime as dt
import math
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.features import FEATURE_COLUMNS, Features
from webdata_assets.stages.clean.cleaner import clean
from webdata_assets.stages.extract.extractor import Candidate, Extraction
from webdata_assets.stages.featurize.features import featurize
from webdata_assets_tests.extract.making import DATE, URL, make_source

SOURCE = make_source({"kind": "item"})


def records(*values: dict[str, object]) -> pl.DataFrame:
    candidates = tuple(Candidate(f"{URL}/{n}", 0, each, "a" * 64, DATE) for n, each in enumerate(values))
    frame = clean(SOURCE, DATE, Extraction(candidates)).records
    assert frame.height == len(values)
    return frame


def feature(name: str, **values: object) -> object:
    return featurize(records(values), DATE)[name].item()


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("title_characters", {"title": "Größe"}, 5),
        ("text_characters", {"text": "ab cd"}, 5),
        ("text_words", {"text": "One two, three-four."}, 4),
        ("mean_word_characters", {"text": "a bbb"}, 2.0),
        ("mean_sentence_words", {"text": "One two. Three!\nFour five six"}, 2.0),
        ("digit_share", {"text": "1 a2"}, 0.5),
        ("uppercase_share", {"text": "Ab C1"}, 2 / 3),
        ("unique_word_share", {"text": "The the cat"}, 2 / 3),
        ("log_price", {"price": Decimal(9), "currency": "EUR"}, math.log(10)),
        ("has_price", {"price": Decimal(0), "currency": "EUR"}, True),
        ("has_price", {}, False),
        ("age_days", {"published_at": dt.datetime(2026, 5, 31, 12, tzinfo=dt.UTC)}, 1.5),
        ("age_days", {"published_at": dt.datetime(2026, 6, 2, 12, tzinfo=dt.UTC)}, 0.0),
        ("age_days", {}, 0.0),
        ("text_words", {}, 0),
        ("mean_sentence_words", {"text": "...!?"}, 0.0),
    ],
)
def test_each_feature_is_what_it_says(name: str, values: dict[str, object], expected: object) -> None:
    assert feature(name, **values) == pytest.approx(expected)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "text": st.text(max_size=80),
                "title": st.text(max_size=20),
                "price": st.decimals(0, 10**12, places=2),
                "currency": st.just("EUR"),
                "published_at": st.datetimes(max_value=dt.datetime(2026, 6, 2), timezones=st.just(dt.UTC)),  # noqa: DTZ001
            },
        ).map(lambda values: {**values, "currency": "EUR"}),
        max_size=4,
    )
)
def test_features_are_finite_and_within_their_bounds(values: list[dict[str, object]]) -> None:
    features = featurize(records(*values), DATE)
    Features.validate(features)
    numbers = features.select(pl.col(FEATURE_COLUMNS).cast(pl.Float64))
    assert numbers.null_count().sum_horizontal().item() == 0
    assert all(math.isfinite(number) for row in numbers.iter_rows() for number in row)


def test_features_are_computed_for_the_end_of_the_date() -> None:
    assert feature("computed_for") == dt.datetime(2026, 6, 2, tzinfo=dt.UTC)


def test_no_records_give_no_features_in_the_tables_form() -> None:
    features = featurize(TABLES["records"].empty(), DATE)
    assert features.schema == TABLES["features"].polars_schema
    assert features.is_empty()


def test_records_of_another_date_are_refused() -> None:
    with pytest.raises(ValueError, match="other dates"):
        featurize(records({}), DATE + dt.timedelta(days=1))
