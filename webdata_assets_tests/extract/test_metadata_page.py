import pytest

from webdata_assets.stages.extract.content import PAGE_DEFAULTS
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.metadata.breadcrumbs import find_breadcrumbs
from webdata_assets.stages.extract.metadata.description import find_description
from webdata_assets.stages.extract.metadata.image import find_image_url
from webdata_assets.stages.extract.metadata.language import find_language
from webdata_assets.stages.extract.metadata.site import SiteNames, find_canonical_url, find_site_name
from webdata_assets_tests.extract.making import DATE, jsonld, make_document

CONTEXT = PageContext("article", DATE)


@pytest.mark.parametrize(
    ("tag", "language"), [("en-US", "en"), ("DE", "de"), ("gsw_CH", "gsw"), ("english", None)]
)
def test_the_language_is_the_primary_subtag(tag: str, language: str | None) -> None:
    found = find_language(make_document(f'<html lang="{tag}"><p>x'), CONTEXT)
    assert (found.value if found else None) == language


def test_a_described_language_counts_where_the_page_has_none() -> None:
    page = make_document(jsonld({"@type": "Article", "inLanguage": ["fr-FR", "en"]}))
    assert find_language(page, CONTEXT) == Found("fr", "jsonld:inLanguage")


def test_the_shared_picture_comes_first_and_a_placeholder_gives_way() -> None:
    described = jsonld({"@type": "Article", "image": ["data:image/gif;base64,R0", {"url": "/j.png"}]})
    shared = '<meta property="og:image" content="/i.png">'
    assert find_image_url(make_document(described + shared), CONTEXT).value == "http://shop.test/i.png"
    assert find_image_url(make_document(described), CONTEXT).value == "http://shop.test/j.png"


@pytest.mark.parametrize(
    ("head", "label"),
    [
        ('<link rel="canonical" href="/a"><meta property="og:url" content="/b">', "css:link[rel=canonical]"),
        ('<link rel="canonical" href="mailto:x"><meta property="og:url" content="/a">', "meta:og:url"),
        (jsonld({"@type": "Article", "mainEntityOfPage": {"@id": "/a"}}), "jsonld:mainEntityOfPage"),
    ],
)
def test_the_canonical_address_is_absolute(head: str, label: str) -> None:
    assert find_canonical_url(make_document(head), CONTEXT) == Found("http://shop.test/a", label)


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="og:site_name" content=" Daily Planet ">',
        jsonld({"@type": "WebSite", "name": "Daily Planet"}),
        jsonld({"@type": "Article", "publisher": {"@type": "Organization", "name": "Daily Planet"}}),
        '<meta name="application-name" content="Daily Planet">',
    ],
)
def test_the_site_is_called_what_the_page_calls_it(head: str) -> None:
    assert find_site_name(make_document(head), CONTEXT).value == "Daily Planet"


def test_names_of_a_site_are_told_with_little_around_them() -> None:
    page = make_document(
        '<meta property="og:site_name" content="Daily Planet">', "http://www.planetnews.test/a"
    )
    site = SiteNames.of(page, CONTEXT)
    for name in ("Daily Planet", "DAILY-PLANET", "The Daily Planet", "PlanetNews", "planetnews.test"):
        assert site.means(name)
    for text in ("The daily life on another planet", "Men land on the Moon"):
        assert not site.means(text)


def test_a_description_is_one_line() -> None:
    page = make_document('<meta name="description" content="One\n two &amp;amp; three">')
    assert find_description(page, CONTEXT) == Found("One two & three", "meta:description")


STEPS = [{"@type": "ListItem", "position": 2, "item": {"@id": "/b", "name": "B"}},
         {"@type": "ListItem", "position": "1", "name": "A", "item": "/"}]  # fmt: skip
MICRODATA = (
    '<ol itemscope itemtype="https://schema.org/BreadcrumbList">'
    '<li itemprop=itemListElement itemscope itemtype="https://schema.org/ListItem">'
    "<a itemprop=item href=/><span itemprop=name>A</span></a><meta itemprop=position content=1></li>"
    '<li itemprop=itemListElement itemscope itemtype="https://schema.org/ListItem">'
    '<a itemprop=item itemscope itemtype="http://schema.org/Thing" itemid=/b><span itemprop=name>B</span></a>'
    "<meta itemprop=position content=2></li></ol>"
)
RDFA = (
    '<div vocab="http://schema.org/" typeof="BreadcrumbList">'
    '<span property="itemListElement" typeof="ListItem">'
    '<a property="item" typeof="WebPage" href="/"><span property="name">A</span></a></span> &gt; '
    '<span property="itemListElement" typeof="ListItem"><span property="name">B</span></span></div>'
)


@pytest.mark.parametrize(
    ("body", "label"),
    [
        (jsonld({"@type": "BreadcrumbList", "itemListElement": STEPS}) + MICRODATA, "jsonld:BreadcrumbList"),
        (
            jsonld({"@type": "WebPage", "breadcrumb": {"@type": "BreadcrumbList", "itemListElement": STEPS}}),
            "jsonld:BreadcrumbList",
        ),
        (MICRODATA, "microdata:BreadcrumbList"),
        (RDFA, "rdfa:BreadcrumbList"),
        ('<nav aria-label="Breadcrumb"><ol><li><a>A</a></li><li>/ B</li></ol></nav>', "css:breadcrumb"),
        ('<div class="Breadcrumbs"><a href=/>A</a> › <a href=/b>B</a></div>', "css:breadcrumb"),
        ('<div id="breadcrumbs"><a href=/>A</a> » <b class="current">B</b></div>', "css:breadcrumb"),
    ],
)
def test_breadcrumbs_are_the_names_from_the_front_page_on(body: str, label: str) -> None:
    assert find_breadcrumbs(make_document(f"<!doctype html><html><body>{body}"), CONTEXT) == Found(
        ["A", "B"], label
    )


def test_a_page_that_says_nothing_of_itself_has_no_metadata() -> None:
    page = make_document("<!doctype html><html><body><p>x</p>")
    for name, find in PAGE_DEFAULTS.items():
        assert find(page, CONTEXT) is None, name
