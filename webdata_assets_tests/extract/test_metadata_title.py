import pytest

from webdata_assets.stages.extract.found import PageContext
from webdata_assets.stages.extract.metadata.title import find_title
from webdata_assets_tests.extract.making import DATE, jsonld, make_document

SITE = '<meta property="og:site_name" content="Daily Planet">'


def title(head: str, *, kind: str = "article", url: str = "http://news.test/a") -> tuple[object, str]:
    found = find_title(make_document(f"<!doctype html><html>{head}<p>x</html>", url), PageContext(kind, DATE))
    assert found is not None
    return found.value, found.label


@pytest.mark.parametrize(
    ("head", "label"),
    [
        (jsonld({"@type": "Article", "headline": "T", "name": "no"}), "jsonld:headline"),
        (jsonld({"@type": "Article", "name": "T"}) + "<h1>no</h1>", "jsonld:name"),
        ('<meta property="og:title" content="T"><title>no</title>', "meta:og:title"),
        ("<title>T</title><h1>no</h1>", "css:title"),
        ("<h1> T </h1>", "css:h1"),
    ],
)
def test_a_title_is_looked_for_in_this_order(head: str, label: str) -> None:
    assert title(head) == ("T", label)


@pytest.mark.parametrize(
    "stated",
    [
        "Men land on the Moon | Daily Planet",
        "Men land on the Moon - Daily Planet",
        "Daily Planet: Men land on the Moon",
        "Men Land on the Moon » News » Daily Planet",
    ],
)
def test_a_heading_that_is_a_part_of_the_stated_title_is_the_title(stated: str) -> None:
    head = f"{SITE}<title>{stated}</title><h1>Daily Planet</h1><h1>Men land on the Moon</h1><h1>More</h1>"
    assert title(head) == ("Men land on the Moon", "css:h1")


def test_a_lone_heading_in_other_words_is_the_title() -> None:
    head = "<title>Moon landing 1969: men land on the Moon</title><h1>Men land on the Moon at last</h1>"
    assert title(head)[0] == "Men land on the Moon at last"


@pytest.mark.parametrize(
    "stated",
    [
        "Men land | Daily Planet",
        "Daily Planet - Men land",
        "Men land | Moon | Best news",
        "Men land — News.test",
    ],
)
def test_without_a_heading_the_name_of_the_site_is_cut_off(stated: str) -> None:
    assert title(f"{SITE}<title>{stated}</title>")[0] == "Men land"


def test_a_title_that_is_the_name_of_the_site_stays() -> None:
    assert title(f"{SITE}<title>Daily Planet</title><h1>Daily Planet</h1>")[0] == "Daily Planet"


def test_items_and_products_are_called_what_their_description_says() -> None:
    page = jsonld({"@type": "Recipe", "name": "Soup - the best"}) + "<title>Soup</title><h1>Soup</h1>"
    assert title(page, kind="item") == ("Soup - the best", "jsonld:name")


def test_markup_entities_and_unseen_signs_are_no_part_of_a_title() -> None:
    page = jsonld({"@type": "Article", "headline": "<b>A</b> &amp;amp; B\u200b\ue000"})
    assert title(page)[0] == "A & B"


def test_a_page_without_any_title_has_none() -> None:
    page = make_document("<!doctype html><html><p>x</html>")
    assert find_title(page, PageContext("article", DATE)) is None
