"""Groups keep their side of the split for ever."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.learn.split import TEST, TRAIN, group, split_of


def site_of(url):
    return pl.DataFrame({"url": [url]}).select(group("site")).item()


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.example.com/a?b", "example.com"),
        ("http://example.com", "example.com"),
        ("https://blog.example.com:8080/", "blog.example.com"),
        ("https://WWW.Example.com/", "example.com"),
        ("https://www2.example.com/", "www2.example.com"),
        ("http://127.0.0.1:3000/x", "127.0.0.1"),
        ("http://[::1]:80/x", "[::1]"),
        ("https://me:secret@example.com/", "example.com"),
    ],
)
def test_a_site_is_a_host_without_www(url, site):
    assert site_of(url) == site


@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_group_keeps_its_side_whatever_else_there_is(groups):
    alone = [split_of(pl.Series([name]))[0] for name in groups]
    assert split_of(pl.Series(groups)).to_list() == alone


def test_one_group_in_five_is_held_out():
    sides = split_of(pl.Series([f"site-{number}.test" for number in range(5_000)]))
    assert (sides == TEST).mean() == pytest.approx(0.2, abs=0.02)
    assert set(sides) == {TRAIN, TEST}


def test_the_side_is_the_same_in_every_version():
    names = pl.Series(["example.com", "example.org", "site-0.test", "site-1.test", "site-5.test"])
    assert split_of(names).to_list() == ["train", "train", "train", "test", "train"]


def test_no_groups_have_no_sides():
    assert split_of(pl.Series([], dtype=pl.String)).to_list() == []
