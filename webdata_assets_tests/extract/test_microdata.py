import pytest

from webdata_assets.stages.extract.structured import JsonObject
from webdata_assets_tests.extract.making import make_document


def microdata(body: str) -> tuple[JsonObject, ...]:
    return make_document(f"<html><body>{body}</body></html>").structured.microdata


def test_items_nest_as_in_jsonld() -> None:
    found = microdata(
        '<div itemscope itemtype="https://schema.org/Product" itemid="#p"><h1 itemprop=name>Anvil</h1>'
        '<p itemprop=offers itemscope itemtype="https://schema.org/Offer">'
        "<span itemprop=price content=119.99>$120</span></p></div>"
    )
    assert found == (
        {
            "@type": "Product",
            "@id": "#p",
            "name": "Anvil",
            "offers": {"@type": "Offer", "price": "119.99"},
        },
    )


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("<meta itemprop=x content=' v '>", "v"),
        ("<link itemprop=x href='/v'>", "/v"),
        ("<img itemprop=x src='data:image/gif;base64,R0' data-src='/v.png'>", "/v.png"),
        ("<object itemprop=x data=/v></object>", "/v"),
        ("<time itemprop=x datetime=2026-01-02>today</time>", "2026-01-02"),
        ("<time itemprop=x>2026-01-02</time>", "2026-01-02"),
        ("<data itemprop=x value=7>seven</data>", "7"),
        ("<p itemprop=x>a <b>b</b>c<br>d<script>no</script><style>no</style> &amp; e</p>", "a bc d & e"),
        ('<p itemprop=x><a title="a>b">t</a> u</p>', "t u"),
        ("<a itemprop=x href=/u>t</a>", "/u"),
        ("<a itemprop=brand href=/u>t</a>", {"url": "/u", "name": "t"}),
    ],
)
def test_an_element_says_what_its_tag_makes_it_say(element: str, value: object) -> None:
    (item,) = microdata(f"<div itemscope>{element}</div>")
    assert next(iter(item.values())) == value


def test_values_of_one_property_are_a_list_and_one_element_may_be_several_properties() -> None:
    (item,) = microdata("<div itemscope><i itemprop='a b'>1</i><i itemprop=a>2</i></div>")
    assert item == {"a": ["1", "2"], "b": "1"}


def test_an_item_without_properties_has_its_text() -> None:
    (item,) = microdata("<div itemscope itemtype=http://x/Product><b itemprop=brand itemscope>ACME</b></div>")
    assert item["brand"] == {"@value": "ACME"}


def test_references_add_the_properties_of_other_elements() -> None:
    first, second = microdata(
        "<div itemscope itemref='r gone'></div><div itemscope itemref=r></div><p id=r><b itemprop=a>1</b></p>"
    )
    assert first == second == {"a": "1"}


def test_circles_of_references_are_cut() -> None:
    found = microdata(
        "<div id=a itemscope itemprop=x itemref=b><i itemprop=n>1</i></div>"
        "<div id=b itemscope itemprop=y itemref=a><i itemprop=n>2</i></div>"
    )
    assert found == ({"n": "2", "x": {"n": "1"}},) or found == ({"n": "1", "y": {"n": "2"}},)


def test_the_main_entity_of_a_page_is_among_the_items() -> None:
    page = make_document(
        "<div itemscope itemtype=http://schema.org/ItemPage>"
        "<div itemprop=mainEntity itemscope itemtype=http://schema.org/Product>"
        "<b itemprop=name>x</b></div></div>"
    )
    assert page.structured.main_object("product") == {"@type": "Product", "name": "x"}
