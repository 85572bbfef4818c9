"""The demo's content: a pure function of the date, and what changes from day to day."""

import datetime as dt
import os
import subprocess
import sys

import pytest

from webdata_assets.demo.calendar import FIRST_DAY, LAST_DAY, SCRIPT, clamp, date_of, dates
from webdata_assets.demo.choice import number, sample
from webdata_assets.demo.guides import guides_on
from webdata_assets.demo.posts import COPIED_POST, FIRST_POSTS, posts_on
from webdata_assets.demo.products import products_on
from webdata_assets.demo.reviews import reviews_on
from webdata_assets.demo.topics import TOPIC_NAMES

DIGEST = """
import hashlib
from webdata_assets.demo import api, app, blog, shop
from webdata_assets.demo.calendar import dates
from webdata_assets.demo.guides import guides_on
from webdata_assets.demo.posts import posts_on
from webdata_assets.demo.products import products_on
digest = hashlib.sha256()
for date in dates():
    for site, paths in (
        (shop, ["/products", *(product.path for product in products_on(date))]),
        (blog, ["/", "/feed.xml", "/sitemap.xml", *(post.path for post in posts_on(date))]),
        (api, ["/v1/reviews"]),
        (app, ["/", "/data/guides", *("/data" + guide.path for guide in guides_on(date))]),
    ):
        for path in paths:
            reply = site.respond(path, {}, date)
            assert reply.status == 200, (path, date)
            digest.update(repr((path, reply.body, sorted(reply.headers.items()))).encode())
print(digest.hexdigest())
"""


def test_every_page_has_the_same_bytes_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_the_script_lies_within_the_dates() -> None:
    assert dates()[0] == FIRST_DAY == dt.date(2026, 6, 1)
    assert dates()[-1] == LAST_DAY == dt.date(2026, 6, 7)
    assert set(SCRIPT) <= set(dates())


def test_a_date_before_the_first_day_is_the_first_day() -> None:
    assert clamp(dt.date(1999, 1, 1)) == FIRST_DAY
    assert products_on(dt.date(1999, 1, 1)) == products_on(FIRST_DAY)


def test_the_sites_go_on_after_the_last_scripted_day() -> None:
    later = date_of(200)
    assert len(products_on(later)) == 40 + 200
    assert len(posts_on(later)) == FIRST_POSTS + 400 - 1 + 8
    assert len(reviews_on(later)) == 30 + 600


@pytest.mark.parametrize("day", range(1, 60))
def test_each_day_adds_two_products_and_removes_one(day: int) -> None:
    before = {product.path for product in products_on(date_of(day - 1))}
    after = {product.path for product in products_on(date_of(day))}
    assert (len(after - before), len(before - after)) == (2, 1)


def test_about_a_tenth_of_the_prices_change_each_day() -> None:
    kept = changed = 0
    for day in range(1, 60):
        before = {product.sku: product.price for product in products_on(date_of(day - 1))}
        after = {product.sku: product.price for product in products_on(date_of(day))}
        common = before.keys() & after.keys()
        kept += len(common)
        changed += sum(before[sku] != after[sku] for sku in common)
    assert 0.07 < changed / kept < 0.13


@pytest.mark.parametrize("date", [*dates(), date_of(200)])
def test_paths_and_skus_are_unique(date: dt.date) -> None:
    for things in (products_on(date), posts_on(date), guides_on(date)):
        paths = [thing.path for thing in things]
        assert len(set(paths)) == len(paths)
    assert len({product.sku for product in products_on(date)}) == len(products_on(date))


def test_descriptions_are_forty_to_a_hundred_and_twenty_words() -> None:
    for product in products_on(LAST_DAY):
        assert 40 <= len(product.description.split()) <= 120


def test_posts_have_three_to_six_paragraphs() -> None:
    for post in posts_on(LAST_DAY):
        assert 3 <= 1 + len(post.sections) <= 6


def test_every_site_covers_every_topic() -> None:
    for things in (products_on(LAST_DAY), posts_on(LAST_DAY), guides_on(LAST_DAY)):
        assert {thing.topic.name for thing in things} == set(TOPIC_NAMES)
    assert {review.category for review in reviews_on(LAST_DAY)} == set(TOPIC_NAMES)


def test_nothing_is_published_after_its_date() -> None:
    for date in dates():
        assert all(post.modified_at.date() <= date for post in posts_on(date))
        assert all(review.created_at.date() <= date for review in reviews_on(date))
        assert all(guide.updated <= date for guide in guides_on(date))


def test_each_day_adds_two_posts_and_three_reviews() -> None:
    for before, after in zip(dates(), dates()[1:], strict=False):
        new_posts = {post.path for post in posts_on(after)} - {post.path for post in posts_on(before)}
        assert len({path for path in new_posts if path.startswith("/posts/")}) == 2
        assert reviews_on(after)[: len(reviews_on(before))] == reviews_on(before)
        assert len(reviews_on(after)) - len(reviews_on(before)) == 3


def test_posts_are_edited_now_and_then() -> None:
    edited = [post for post in posts_on(LAST_DAY) if post.modified_at != post.published_at]
    assert 3 <= len(edited) <= 25
    assert all(post.sections[-1].heading == "Update" for post in edited)


def test_the_flood_copies_one_post_half_of_them_exactly_and_stays() -> None:
    def words(path: str, date: dt.date) -> tuple[object, ...]:
        post = next(post for post in posts_on(date) if post.path == path)
        return post.title, post.opening, post.sections

    assert not [post for post in posts_on(dt.date(2026, 6, 5)) if post.path.startswith("/reposts/")]
    for date in (dt.date(2026, 6, 6), dt.date(2026, 6, 7)):
        copies = [post.path for post in posts_on(date) if post.path.startswith("/reposts/")]
        original = "/posts/" + copies[0].removeprefix("/reposts/").rpartition("-")[0]
        assert posts_on(FIRST_DAY)[FIRST_POSTS - 1 - COPIED_POST].path == original
        exact = [path for path in copies if words(path, date) == words(original, date)]
        assert (len(copies), len(exact)) == (8, 4)
        assert len({words(path, date) for path in copies}) == 5


def test_choices_are_the_ones_that_they_always_were() -> None:
    assert number(1000, "a", 1) == 86
    assert sorted(sample("abcdef", 6, "seed")) == list("abcdef")
    assert sample("abcdef", 3, "seed") == sample("abcdef", 6, "seed")[:3]
