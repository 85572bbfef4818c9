import pytest

from webdata_assets.stages.extract.found import PageContext
from webdata_assets.stages.extract.metadata.author import find_author
from webdata_assets.stages.extract.metadata.names import name_in
from webdata_assets_tests.extract.making import DATE, jsonld, make_document


def author(body: str) -> object:
    found = find_author(make_document(f"<!doctype html><html>{body}</html>"), PageContext("article", DATE))
    return found.value if found else None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("By Ada Lovelace", "Ada Lovelace"),
        ("ByAda Lovelace | 3 May 2020", "Ada Lovelace"),
        ("Written by Ada Lovelace on May 3, 2020", "Ada Lovelace"),
        ("Author: Ada Lovelace, Senior Writer", "Ada Lovelace"),
        ("Von Max Müller", "Max Müller"),
        ("Ada Lovelace and Charles Babbage", "Ada Lovelace and Charles Babbage"),
        ("Jane Doe, MD, FOMA", "Jane Doe, MD, FOMA"),
        ("By Ada Lovelace 5 min read", "Ada Lovelace"),
        ("Byron Smith", "Byron Smith"),
        ("BYRON SMITH", "BYRON SMITH"),
        ("Von Neumann", "Von Neumann"),
        ("Brian May", "Brian May"),
        ("View all posts by Ada Lovelace →", "Ada Lovelace"),
        ("Zeige alle Beiträge von Ada Lovelace →", "Ada Lovelace"),
        ("Text und Interview: Ada Lovelace", "Ada Lovelace"),
        ("Ada Lovelace ada@example.org", "Ada Lovelace"),
        ("Dezember 10, 2020", None),
        ("By", None),
        ("About the author", None),
        ("3 May 2020", None),
        ("Monday", None),
        ("https://example.org/ada", None),
        ("Read more", None),
    ],
)
def test_names_are_told_from_what_is_around_them(line: str, name: str | None) -> None:
    assert name_in(line) == name


def test_authors_are_joined_each_once() -> None:
    people = [{"@type": "Person", "name": "Ada"}, "Grace", {"name": "Ada"}, {"name": ["Joan"]}]
    assert author(jsonld({"@type": "Article", "author": people})) == "Ada, Grace, Joan"


def test_an_address_is_no_author() -> None:
    head = '<meta property="article:author" content="https://fb.test/x">'
    assert author(f"{head}<a rel=author>Ada Lovelace</a>") == "Ada Lovelace"


def test_addresses_beside_a_stated_name_are_left_out() -> None:
    names = ("Max Müller mm@example.org", "Ada - http://a.test")
    assert author("".join(f'<meta name=author content="{name}">' for name in names)) == "Max Müller, Ada"


def test_product_pages_have_a_stated_author_and_no_reviewer() -> None:
    review = "<div class=author>By Ada Lovelace</div>"
    page = make_document(f"<!doctype html><html><main>{review}</main></html>")
    assert find_author(page, PageContext("article", DATE)) is not None
    assert find_author(page, PageContext("product", DATE)) is None
    book = make_document(jsonld({"@type": "Product", "name": "A book", "author": "Joan Clarke"}) + review)
    found = find_author(book, PageContext("product", DATE))
    assert found is not None
    assert found.value == "Joan Clarke"


def test_all_of_several_meta_elements_count() -> None:
    head = "".join(
        f'<meta name="citation_author" content="{name}">' for name in ("Ada Lovelace", "Joan Clarke")
    )
    assert author(head) == "Ada Lovelace, Joan Clarke"


@pytest.mark.parametrize("weak", ["Daily Planet", "admin", "j.doe2"])
def test_a_byline_comes_before_the_site_and_before_a_login(weak: str) -> None:
    head = '<meta property="og:site_name" content="Daily Planet">'
    described = jsonld({"@type": "Article", "author": {"name": weak}})
    assert author(f"{head}{described}<p class=byline>By Lois Lane</p>") == "Lois Lane"
    assert author(f"{head}{described}") == weak


@pytest.mark.parametrize(
    "byline",
    [
        '<span class="post-author">By <a href="/author/ada">Ada Lovelace</a></span>',
        '<div class="AuthorDate_text">By Ada Lovelace</div>',
        "<p class=byline>By<br>Ada Lovelace</p>",
        "<a href=/authors/ada>Ada Lovelace</a>",
        "<p>Written by Ada Lovelace</p>",
        '<div class="comment"><b class="comment-author">Bob</b></div><p class="author-name">Ada Lovelace</p>',
        '<aside><b class="author-name">Bob</b></aside><div><b class="author">Ada Lovelace</b></div>',
        '<img class="author-image"><p class="author-bio">Ada wrote much</p><b class=author>Ada Lovelace</b>',
    ],
)
def test_bylines_are_found_by_their_marks(byline: str) -> None:
    assert author(f"<body><main>{byline}</main>") == "Ada Lovelace"


@pytest.mark.parametrize(
    "body",
    [
        "<p>By clicking you agree to our terms</p>",
        "<p>Step by step</p>",
        '<form class="authorization-form">Authorization</form>',
        '<div class="comment"><b class="comment-author">Bob</b></div>',
    ],
)
def test_what_is_no_byline_names_nobody(body: str) -> None:
    assert author(f"<body>{body}") is None
