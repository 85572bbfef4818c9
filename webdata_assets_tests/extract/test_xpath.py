import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.selectors import Item, css_nodes
from webdata_assets.stages.extract.visible_text import text_of
from webdata_assets.stages.extract.xpath import MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, XPathTree, xpath_tree
from webdata_assets_tests.extract.making import data_folder, make_document


def tree_of(page: str) -> XPathTree:
    document = make_document(page)
    assert document.tree is not None
    return xpath_tree(document.tree)


def test_xpath_sees_the_elements_that_css_sees_in_broken_html() -> None:
    document = make_document("<p>one<p>two<table><tr><td>a<td>b<div>moved</table><b><i>x</b>y</i>")
    assert document.tree is not None
    tree = xpath_tree(document.tree)
    for name in ("p", "td", "div", "i", "tbody"):
        by_css = [node.mem_id for node in css_nodes(name, document)]
        assert [node.mem_id for node in tree.search(f"//{name}")] == by_css


def test_texts_and_tails_are_where_they_stand() -> None:
    tree = tree_of("<p>a<b>b</b>c<!-- no -->d<br>e &amp; f</p>")
    assert tree.search("string(//p)") == ["abcde & f"]
    assert tree.search("//p/text()") == ["a", "cd", "e & f"]
    assert tree.search("//comment()") == []


def test_names_and_characters_that_xml_does_not_know_do_not_break_the_tree() -> None:
    tree = tree_of('<p @click="x" :key v-on:x="\x01y" data-a=1>a\x0bb</p><a"b>c</a"b><x:y>d</x:y>')
    assert tree.search("//p/@data-a") == ["1"]
    assert tree.search("string(//p)") == ["ab"]
    assert tree.search("//*[name() = 'x:y']/text()") == ["d"]


@pytest.mark.parametrize("name", ["{", "{{", "{b", "{b}", "{b}c", "}", '"', "=", "<", "a:b"])
def test_any_name_of_an_attribute_leaves_the_others_in_sight(name: str) -> None:
    tree = tree_of(f"<p {name}=1 title=x>a</p>")
    assert tree.search("//p/@title") == ["x"]
    assert tree.search("string(//p)") == ["a"]


def test_an_expression_begins_at_its_element() -> None:
    document = make_document("<ul><li>a<i>1</i><li>b<i>2</i></ul>")
    assert document.tree is not None
    tree = xpath_tree(document.tree)
    second = css_nodes("li", document)[1]
    assert [text_of(node) for node in tree.search("./i", second)] == ["2"]
    assert [text_of(node) for node in tree.search("preceding-sibling::li/i", second)] == ["1"]
    assert tree.search("count(//i)", second) == [2.0]


@pytest.mark.parametrize(
    "expression", ["//p[", "no_such_function()", "$undefined", "//p[undefined()]", "//no:prefix", ""]
)
def test_an_expression_that_can_never_work_is_the_users_to_correct(expression: str) -> None:
    with pytest.raises(PermanentError, match="correct it under `extract`") as caught:
        tree_of("<p>x</p>").search(expression)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


@pytest.mark.parametrize("expression", ["document('file:///etc/passwd')", "unparsed-entity-uri('x')"])
def test_no_expression_reaches_out_of_the_page(expression: str) -> None:
    with pytest.raises(PermanentError, match="Unregistered function"):
        tree_of("<p>x</p>").search(expression)


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("<b></b>" * MAX_ELEMENTS, "more than 100,000 elements"),
        ("<div>" * (MAX_DEPTH + 1), "nested more than 1,000 deep"),
        (
            f"<p {' '.join(f'a{n}' for n in range(MAX_ATTRIBUTES + 1))}>",
            "more than 1,000 attributes",
        ),
    ],
    ids=["many", "deep", "attributes"],
)
def test_a_page_that_is_too_large_is_refused(page: str, told: str) -> None:
    with pytest.raises(PermanentError, match=told) as caught:
        tree_of(page)
    assert caught.value.failure_domain is FailureDomain.PARSE


def test_a_page_is_made_a_tree_once_for_all_its_items_and_not_at_all_without_xpath() -> None:
    page = Item(make_document("<ul><li>a<li>b</ul>"), "item")
    items = [page.at(node) for node in css_nodes("li", page.document)]
    assert "elements" not in vars(page)
    assert items[0].elements is items[1].elements is page.elements
    assert Item(Document("http://a.test/", "[]", data=[]), "item").elements is None


def test_real_pages_have_the_same_elements_by_both_ways() -> None:
    for path in sorted(data_folder("mozilla_readability").rglob("source.html"))[:20]:
        document = make_document(path.read_bytes())
        assert document.tree is not None
        tree = xpath_tree(document.tree)
        for name in ("a", "p", "li", "meta"):
            by_css = [node.mem_id for node in css_nodes(name, document)]
            assert [node.mem_id for node in tree.search(f"//{name}")] == by_css, (path, name)
