from webdata_assets.stages.extract.structured import JsonObject
from webdata_assets_tests.extract.making import make_document


def rdfa(body: str) -> tuple[JsonObject, ...]:
    return make_document(f"<html><body>{body}</body></html>").structured.rdfa


def test_resources_nest_as_in_jsonld() -> None:
    found = rdfa(
        '<ol vocab="https://schema.org/" typeof="BreadcrumbList">'
        '<li property="itemListElement" typeof="ListItem">'
        '<a property="item" typeof="WebPage" href="/a"><span property="name">A</span></a>'
        '<meta property="position" content="1"></li></ol>'
    )
    assert found == (
        {
            "@type": "BreadcrumbList",
            "itemListElement": {
                "@type": "ListItem",
                "item": {"@type": "WebPage", "@id": "/a", "name": "A"},
                "position": "1",
            },
        },
    )


def test_about_with_a_type_says_of_whom_the_property_speaks() -> None:
    (found,) = rdfa('<a about="/user/1" typeof="schema:Person" property="schema:name" href="/user/1">Ada</a>')
    assert found == {"@type": "Person", "@id": "/user/1", "name": "Ada"}


def test_what_is_said_of_the_page_has_an_empty_id() -> None:
    assert rdfa('<h2 property="dcterms:title">T</h2>') == ({"@id": "", "title": "T"},)


def test_opengraph_is_no_rdfa() -> None:
    page = make_document(
        '<head><meta property="og:title" content="T"></head><body vocab="http://x/"><p>x</p>'
    )
    assert page.structured.rdfa == ()


def test_a_property_without_vocabulary_says_nothing() -> None:
    assert rdfa('<p property="name">x</p>') == ()
