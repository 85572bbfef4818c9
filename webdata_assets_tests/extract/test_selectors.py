import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.extract import Selector
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.selectors import Item, contexts, css_nodes, first_match, select
from webdata_assets_tests.extract.making import jsonld, make_document

PRODUCT = {"@type": "Product", "offers": {"price": "9.90"}, "tags": ["a", "", None, "b"]}
PAGE = (
    jsonld(PRODUCT, {"@type": "Recipe", "name": "Soup"})
    + '<script id="state">window.state = {"a": [{"b": 1}, {"b": 2}], "c": "text"};</script>'
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
        ({"css": "li", "regex": r"SKU: (\S+)"}, ("A-1", "B-2")),
        ({"css": "li a", "attr": "href", "regex": r"\d"}, ("1", "2")),
        ({"jsonld": "offers.price", "regex": r"\d+"}, ("9", "90")),
        ({"css": "h1", "regex": "nothing like it"}, ()),
        ({"xpath": "//li/a"}, ("One", "Two")),
        ({"xpath": "//li/a/@href"}, ("/1", "/2")),
        ({"xpath": "//li/text()"}, (" SKU: A-1", " SKU: B-2")),
        ({"xpath": "count(//li)"}, (2,)),
        ({"xpath": "count(//li) = 2"}, (True,)),
        ({"xpath": "//li[2]", "regex": r"SKU: (\S+)"}, ("B-2",)),
        ({"xpath": "//h9"}, ()),
        ({"css": "#state", "jmespath": "a[].b"}, (1, 2)),
        ({"xpath": "//*[@id='state']", "jmespath": "c", "regex": "^.."}, ("te",)),
        ({"css": "#state", "regex": r"window\.(\w+)"}, ("state",)),
        ({"meta": "brand", "jmespath": "a"}, ()),
        ({"jsonld": "name", "schema_type": "Recipe"}, ("Soup",)),
        ({"jsonld": "name", "schema_type": "Event"}, ()),
        ({"regex": r"SKU: (\S+)"}, ("A-1", "B-2")),
        ({"regex": r"B-\d"}, ("B-2",)),
        ({"jmespath": "offers"}, ()),
    ],
)
def test_each_way_gives_its_values_without_empty_ones(selector: dict, values: tuple) -> None:
    assert select(Selector(**selector), item()) == values


MICRODATA = """
<div id=1 itemscope itemtype="https://schema.org/Product"><b itemprop=name>One</b><i itemprop=sku>1</i></div>
<div id=2 itemscope itemtype="https://schema.org/Product"><b itemprop=name>Two</b></div>
<div id=3 itemscope itemtype="https://schema.org/Recipe"><b itemprop=name>Soup</b></div>"""


def test_microdata_is_the_pages_or_the_items_own() -> None:
    document = make_document(jsonld({"@type": "Product", "name": "no microdata"}) + MICRODATA)
    page = Item(document, "product")
    assert select(Selector(microdata="name"), page) == ("One",)
    assert select(Selector(microdata="name", schema_type="Recipe"), page) == ("Soup",)
    _, second, third = (page.at(node) for node in css_nodes("div", document))
    assert select(Selector(microdata="name"), second) == ("Two",)
    assert select(Selector(microdata="sku"), second) == ()
    assert select(Selector(microdata="name"), third) == ()
    inner = page.at(css_nodes("body", document)[0])
    assert select(Selector(microdata="sku"), inner) == ("1",)


@pytest.mark.parametrize(
    ("selector", "is_machine_readable"),
    [
        ({"css": "b"}, False),
        ({"css": "b", "attr": "content"}, True),
        ({"css": "b", "jmespath": "x"}, True),
        ({"xpath": "//b"}, False),
        ({"xpath": "//b/@content"}, True),
        ({"xpath": "//b[@content]"}, False),
        ({"meta": "price", "regex": "[0-9.]+"}, True),
        ({"microdata": "offers.price"}, True),
        ({"regex": "[0-9.]+"}, False),
    ],
)
def test_what_was_meant_for_programs_has_decimal_points(selector: dict, is_machine_readable: bool) -> None:
    assert Selector(**selector).is_machine_readable is is_machine_readable


@pytest.mark.parametrize(
    ("selector", "label"),
    [
        ({"css": ".price", "attr": "content"}, "css:.price@content"),
        ({"css": "#state", "jmespath": "a", "regex": "b"}, "css:#state → jmespath:a → regex:b"),
        ({"jsonld": "name", "schema_type": "Recipe"}, "jsonld:name of Recipe"),
    ],
)
def test_a_label_is_what_a_person_would_write(selector: dict, label: str) -> None:
    assert Selector(**selector).label == label


def test_elements_and_json_values_are_contexts_of_their_own() -> None:
    page = item()
    first, second = contexts(Selector(xpath="//li"), page)
    assert select(Selector(css="a"), second) == ("Two",)
    assert select(Selector(xpath="a/@href"), first) == ("/1",)
    assert select(Selector(xpath="//h1"), first) == ("Title",)
    assert select(Selector(xpath=".//h1"), first) == ()
    inner = contexts(Selector(css="#state", jmespath="a"), page)
    assert [select(Selector(jmespath="b"), entry) for entry in inner] == [(1,), (2,)]


def test_an_xpath_that_gives_texts_is_no_context() -> None:
    with pytest.raises(PermanentError, match="gives texts, and elements are needed"):
        contexts(Selector(xpath="//a/@href"), item())


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
