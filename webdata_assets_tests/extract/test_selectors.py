import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.extract import Selector
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.selectors import Item, css_nodes, first_match, select
from webdata_assets_tests.extract.making import jsonld, make_document

PRODUCT = {"@type": "Product", "offers": {"price": "9.90"}, "tags": ["a", "", None, "b"]}
PAGE = (
    jsonld(PRODUCT)
    + '<meta name="brand" content="Acme"><h1>Title</h1><i class="e"> </i>'
    + '<ul><li><a href="/1">One</a> SKU: A-1</li><li><a href="/2">Two</a> SKU: B-2</li></ul>'
)


def json_item(data: object) -> Item:
    return Item(Document("http://api.test/", "[]", data=[data]), "item", data=data)


def item() -> Item:
    return Item(make_document(PAGE), "product")


@pytest.mark.parametrize(
    ("selector", "values"),
    [
        ({"css": "h1"}, ("Title",)),
        ({"css": "li a", "attr": "href"}, ("/1", "/2")),
        ({"css": "h1", "attr": "title"}, ()),
        ({"css": ".e"}, ()),
        ({"jsonld": "offers.price"}, ("9.90",)),
        ({"jsonld": "tags"}, ("a", "b")),
        ({"meta": "brand"}, ("Acme",)),
        ({"regex": r"SKU: (\S+)"}, ("A-1",)),
        ({"regex": r"B-\d"}, ("B-2",)),
        ({"jmespath": "offers"}, ()),
    ],
)
def test_each_way_gives_its_values_without_empty_ones(selector: dict, values: tuple) -> None:
    assert select(Selector(**selector), item()) == values


def test_the_first_selector_that_hits_is_reported() -> None:
    match = first_match([Selector(css=".gone"), Selector(meta="brand"), Selector(css="h1")], item())
    assert (match.label, match.values, match.machine_readable) == ("meta:brand", ("Acme",), True)


def test_an_item_sees_its_own_element_and_the_pages_metadata() -> None:
    document = make_document(PAGE)
    second = Item(document, "product", node=css_nodes("li", document)[1])
    assert select(Selector(css="a"), second) == ("Two",)
    assert select(Selector(regex=r"SKU: (\S+)"), second) == ("B-2",)
    assert select(Selector(meta="brand"), second) == ("Acme",)


def test_json_items_are_read_by_jmespath_and_regex() -> None:
    data = {"name": "x", "ok": False, "n": 0, "tags": []}
    entry = json_item(data)
    assert select(Selector(jmespath="name"), entry) == ("x",)
    assert select(Selector(jmespath="[ok, n]"), entry) == (False, 0)
    assert select(Selector(jmespath="tags"), entry) == ()
    assert select(Selector(regex='"n":(.)'), entry) == ("0",)
    assert select(Selector(css="h1"), entry) == ()


@pytest.mark.parametrize("expression", ["join(',', gone)", "abs(name)", "tags[?n > `1`]"])
def test_data_that_an_expression_does_not_fit_gives_nothing(expression: str) -> None:
    data = {"name": "x", "tags": [{"n": "text"}]}
    assert select(Selector(jmespath=expression), json_item(data)) == ()


@pytest.mark.parametrize("expression", ["no_such_function(name)", "length(name, name)"])
def test_an_expression_that_can_never_work_is_the_users_to_correct(expression: str) -> None:
    data = {"name": "x"}
    with pytest.raises(PermanentError) as caught:
        select(Selector(jmespath=expression), json_item(data))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_css_selector_that_does_not_parse_is_the_users_to_correct() -> None:
    with pytest.raises(PermanentError, match="not a CSS selector"):
        css_nodes("li[", make_document(PAGE))
