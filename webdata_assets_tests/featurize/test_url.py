"""The shape of URLs."""

import math

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webdata_assets.stages.featurize.url import url_features


def shapes(*urls: str | None) -> pl.DataFrame:
    return pl.DataFrame({"url": urls}, schema={"url": pl.String}).select(url_features())


def shape(name: str, url: str | None) -> object:
    return shapes(url)[name].item()


NEWS = "https://news.test/2026/05/18-a-new-park.html?page=2"


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("path_segments", NEWS, 3),
        ("path_segments", "https://a.test//x///y/", 2),
        ("path_segments", "https://a.test/?next=/x/y", 0),
        ("path_characters", NEWS, len("20260518-a-new-park.html")),
        ("path_digit_share", NEWS, 8 / 24),
        ("path_digit_share", "https://a1.test:8080/x?id=12#34", 0.0),
        ("path_number_segments", NEWS, 3),
        ("path_number_segments", "https://a.test/item/123/4th/x5", 1),
        ("last_segment_characters", NEWS, len("18-a-new-park.html")),
        ("last_segment_characters", "https://a.test/wiki/topic/", 5),
        ("last_segment_hyphens", NEWS, 3),
        ("last_segment_hyphens", "https://a-b.test/c-d/e?f-g", 0),
        ("has_file_extension", NEWS, True),
        ("has_file_extension", "https://a.test/clip.MP4", True),
        ("has_file_extension", "https://a.test/v1.2", False),
        ("has_file_extension", "https://a.test/a.html/b", False),
        ("has_file_extension", "https://a.test", False),
        ("has_query", NEWS, True),
        ("has_query", "https://a.test/x?", False),
        ("has_query", "https://a.test/x#?y", False),
    ],
)
def test_a_url_has_its_shape(name: str, url: str, expected: object) -> None:
    assert shape(name, url) == pytest.approx(expected)


def test_an_encoded_character_counts_as_one_and_not_by_its_digits() -> None:
    """Ä, 公 and a smiley are 2, 3 and 4 bytes of UTF-8."""
    url = "https://a.test/%C3%84/%E5%85%AC/%F0%9F%98%80%20"
    assert shapes(url).select("path_segments", "path_characters", "path_digit_share").row(0) == (3, 4, 0.0)


@pytest.mark.parametrize(
    "url", [None, "", "https://a.test", "https://a.test/", "nonsense", "data:text/html,1"]
)
def test_without_a_path_there_is_no_shape(url: str | None) -> None:
    assert not any(shapes(url).row(0))


_PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/?#"), max_size=8)


@settings(max_examples=200, deadline=None)
@example("https://[::1]:99999/%%%41%/..//" + "9-" * 5_000, "")
@given(st.text(max_size=60), _PARTS)
def test_shapes_are_finite_and_hold_together(url: str, part: str) -> None:
    found = shapes(url, f"https://a.test/{url}", f"https://a.test/x/{part}")
    for row in found.iter_rows(named=True):
        assert all(math.isfinite(value) for value in row.values())
        assert 0 <= row["path_digit_share"] <= 1
        assert row["path_number_segments"] <= row["path_segments"] <= row["path_characters"]
        assert row["last_segment_hyphens"] <= row["last_segment_characters"] <= row["path_characters"]


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="#"), max_size=20),
    st.from_regex(r"\A[a-z]{1,9}\.test\Z"),
)
def test_the_host_and_what_follows_the_path_change_nothing(query: str, host: str) -> None:
    bare, other = (
        shapes("https://a.test/b/c-1", f"https://{host}/b/c-1?{query}#{query}").drop("has_query").rows()
    )
    assert bare == other
