"""A selector is added to a source file, and nothing else in it changes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import SourceFileError
from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets.sources.document import parse_document
from webdata_assets.sources.editing import difference, read_text, replace_file, with_selector
from webdata_assets.sources.registry import read_source
from webdata_assets.sources.round_trip import _loaded
from webdata_assets.sources.selectors import Selector

COST = Selector(css=".pdp-buy .pdp-cost")
HEAD = """\
# yaml-language-server: $schema=./source.schema.json
name:   shop   # the name
description: 'A "shop", with odd spaces'
start: 2026-06-01
allow_private: true
fetch: {discover: [{by: urls,  start: [http://shop.demo.test/]}]}
extract:
    kind: product   # of what

    fields:
        title: h1     # always
"""
TAIL = """\
        sku: "[itemprop=sku]"
    key: [ sku ]   # spaced
expect: {min_pages:  3, completeness: {title: 0.950}}
"""
FORMS = {
    "a short selector": "        price: .price\n",
    "one with quotes and a comment": "        price: '.price'   # the old one\n",
    "an XPath": '        price: //p[@class="price"]\n',
    "a flow mapping": "        price: {type: decimal,  css: .price, attr: content} # flow\n",
    "a flow list": "        price: {from: [{meta: price}, {css: .price}], type: decimal}\n",
    "a block mapping": "        price:\n            css: .price # first\n            attr: content\n"
    "            type: decimal\n            # why\n            on_missing: require\n",
    "a block list": "        price:\n            type: decimal\n            from:\n"
    "              - jsonld: offers.price # JSON-LD\n              # the page itself\n"
    "              - css: .price\n",
    "a flow list in a block": "        price:\n            from: [{css: .price}]   # flow\n"
    "            type: decimal\n",
    "a comment below": "        price: .price\n        # about sku\n",
    "no such field": "",
}


def fields_of(text: str) -> dict[str, object]:
    data = parse_document(text).data
    assert data is not None
    fields: dict[str, object] = data["extract"]["fields"]
    return fields


def selectors_of(text: str, folder: Path, field: str = "price") -> list[str]:
    source = replace_file(folder / "shop.yaml", text)
    return [selector.label for selector in source.extract.fields[field].from_]


def touched(before: str, after: str) -> list[str]:
    """Return the lines of the old text that are not in the new one as they were."""
    return [
        line[1:].strip()
        for line in difference(before, after, Path("x")).splitlines()[2:]
        if line.startswith("-")
    ]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_selector_is_tried_after_the_others_and_other_lines_stay(form: str, tmp_path: Path) -> None:
    before = HEAD + form + TAIL
    after = with_selector(before, "price", COST)
    earlier = [selector.label for selector in _rule(before, tmp_path)]
    assert selectors_of(after, tmp_path) == [*earlier, "css:.pdp-buy .pdp-cost"]
    assert all(line in form for line in touched(before, after))


def _rule(text: str, folder: Path) -> tuple[Selector, ...]:
    rule = replace_file(folder / "shop.yaml", text).extract.fields.get("price")
    return rule.from_ if rule else ()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_comment_is_kept(form: str) -> None:
    before = HEAD + form + TAIL
    after = with_selector(before, "price", COST)
    assert comments_of(before) == comments_of(after)


def comments_of(text: str) -> list[str]:
    return sorted(line.partition(" #")[2] for line in text.splitlines() if " #" in line)


NAMES = st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True)
SELECTORS = st.one_of(
    NAMES.map(lambda name: {"css": f".{name}"}),
    NAMES.map(lambda name: {"css": f'[data-x="{name}: #1"]', "attr": "content"}),
    NAMES.map(lambda name: {"meta": name}),
    NAMES.map(lambda name: {"xpath": f"//dt[normalize-space()='{name}']/following-sibling::dd[1]"}),
    NAMES.map(lambda name: {"jsonld": f'"@graph"[0].{name.replace("-", "_")}', "schema_type": "Offer"}),
    st.just({"css": "yes"}),
    st.just({"regex": r"(\d+[.,]\d{2}) €"}),
)


@given(form=st.sampled_from(sorted(FORMS.values())), keys=SELECTORS)
def test_nothing_else_in_the_parsed_file_differs(form: str, keys: dict[str, str]) -> None:
    before = HEAD + form + TAIL
    after = with_selector(before, "price", Selector.model_validate(keys))
    old, new = parse_document(before).data, parse_document(after).data
    assert old is not None
    assert new is not None
    assert new["extract"]["fields"].pop("price")["from"][-1] == keys
    old["extract"]["fields"].pop("price", None)
    assert old == new


@pytest.mark.parametrize("path", sorted(PACKAGED_SOURCES.glob("*.yaml")), ids=lambda path: path.stem)
def test_packaged_files_lose_no_line_but_those_of_the_field(path: Path) -> None:
    before = read_text(path)
    after = with_selector(before, "price", COST)
    assert len(touched(before, after)) <= 1


def test_windows_line_ends_stay() -> None:
    before = (HEAD + FORMS["a block list"] + TAIL).replace("\n", "\r\n")
    after = with_selector(before, "price", COST)
    assert after.count("\n") == after.count("\r\n") == before.count("\n") + 1


def test_a_selector_that_is_there_already_is_refused() -> None:
    with pytest.raises(SourceFileError, match=r"has css:\.price already"):
        with_selector(HEAD + FORMS["a short selector"] + TAIL, "price", Selector(css=".price"))


@pytest.mark.parametrize(
    "rule", ["{default: 3}", "{}", "\n            on_missing: require"], ids=["flow", "empty", "block"]
)
def test_a_field_without_a_selector_gets_its_first(rule: str, tmp_path: Path) -> None:
    after = with_selector(HEAD + f"        price: {rule}\n" + TAIL, "price", COST)
    assert selectors_of(after, tmp_path) == ["css:.pdp-buy .pdp-cost"]


def test_a_file_whose_comments_could_not_be_kept_is_left_to_a_person() -> None:
    form = "        price: {\n            type: decimal, # with tax\n            css: .price\n        }\n"
    with pytest.raises(SourceFileError, match="by hand"):
        with_selector(HEAD + form + TAIL, "price", COST)


def test_an_object_is_refused() -> None:
    form = "        offer:\n            css: .offer\n            fields: {amount: .amount}\n"
    with pytest.raises(SourceFileError, match="is an object"):
        with_selector(HEAD + form + TAIL, "offer", COST)


def test_a_text_that_is_no_good_source_file_replaces_nothing(tmp_path: Path) -> None:
    good = HEAD + TAIL
    replace_file(tmp_path / "shop.yaml", good)
    with pytest.raises(SourceFileError, match="kind"):
        replace_file(tmp_path / "shop.yaml", good.replace("product", "potato"))
    assert read_text(tmp_path / "shop.yaml") == good
    assert [path.name for path in tmp_path.iterdir()] == ["shop.yaml"]
    assert read_source(tmp_path / "shop.yaml").name == "shop"


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:pathlib.Path.touch", "!!python/name:os.system", "!shell"]
)
def test_a_tag_never_becomes_an_object(tmp_path: Path, tag: str) -> None:
    trace = tmp_path / "made"
    text = f"{HEAD}        price: .price\n{TAIL}extra: {tag} ['{trace}']\n"
    with pytest.raises(SourceFileError):
        with_selector(text, "price", COST)
    writer_sees = _loaded(text)[1]["extra"]
    assert list(writer_sees) == [str(trace)]
    assert not trace.exists()
