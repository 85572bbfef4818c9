import datetime as dt
from decimal import Decimal

import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.stages.extract.extractor import (
    NO_HIT,
    FieldError,
    extract_page,
    extract_pages,
    extractor_version,
)
from webdata_assets_tests.extract.making import (
    URL,
    jsonld,
    make_json_payload,
    make_payload,
    make_source,
)

PRODUCT = jsonld(
    {
        "@type": "Product",
        "name": "From JSON-LD",
        "sku": "S-1",
        "brand": {"@type": "Brand", "name": "Acme"},
        "image": ["/a.png", "/b.png"],
        "offers": [
            {"@type": "Offer", "availability": "https://schema.org/SoldOut"},
            {
                "@type": "Offer",
                "price": "9.50",
                "priceCurrency": "eur",
                "availability": "http://schema.org/InStock",
            },
        ],
    }
)


def only(source, payload):
    extraction = extract_page(source, payload)
    assert not extraction.failures
    (candidate,) = extraction.candidates
    return candidate


def test_a_product_takes_what_its_jsonld_states() -> None:
    values = only(make_source({"kind": "product"}), make_payload(PRODUCT)).values
    assert values["title"] == "From JSON-LD"
    assert values["price"] == Decimal("9.50")
    assert values["currency"] == "EUR"
    assert values["availability"] == "InStock"
    assert values["image_url"] == "http://shop.test/a.png"
    assert (values["sku"], values["brand"]) == ("S-1", "Acme")


def test_a_product_without_jsonld_has_the_title_and_image_of_its_page() -> None:
    page = '<meta property="og:image" content="/b.png"><h1>A lamp</h1><p>It shines, and it costs little.</p>'
    values = only(make_source({"kind": "product"}), make_payload(page)).values
    assert (values["title"], values["image_url"]) == ("A lamp", "http://shop.test/b.png")
    assert "price" not in values


@pytest.mark.parametrize("kind", ["product", "item", "article"])
def test_any_whole_page_says_what_pages_say_of_themselves(kind: str) -> None:
    page = (
        '<html lang=de><head><meta property="og:site_name" content="The Shop">'
        '<link rel=canonical href="/a"><meta name=description content="A lamp that shines">'
        '<meta property="article:modified_time" content="2026-05-01T10:00:00Z"></head><h1>Lamp</h1>'
    )
    values = only(make_source({"kind": kind}), make_payload(page)).values
    assert values["site_name"] == "The Shop"
    assert values["canonical_url"] == "http://shop.test/a"
    assert values["description"] == "A lamp that shines"
    assert values["language"] == "de"
    assert values["modified_at"] == dt.datetime(2026, 5, 1, 10, tzinfo=dt.UTC)


def test_a_declared_rule_decides_alone_even_when_it_finds_nothing() -> None:
    source = make_source({"kind": "product", "fields": {"price": ".gone", "title": "h9"}})
    extraction = extract_page(source, make_payload(PRODUCT))
    values = extraction.candidates[0].values
    assert "price" not in values
    assert "title" not in values
    assert values["sku"] == "S-1"
    assert extraction.selector_hits["price"] == {NO_HIT: 1}


def test_the_offers_of_an_aggregate_and_of_a_group_are_found() -> None:
    source = make_source({"kind": "product"})
    aggregate = {"@type": "AggregateOffer", "lowPrice": 5, "priceCurrency": "USD"}
    group = {"@type": "ProductGroup", "name": "x", "hasVariant": [{"offers": {"price": 7}}]}
    specified = {"priceSpecification": {"price": 8, "priceCurrency": "USD"}}
    for product, price in (
        ({"@type": "Product", "offers": aggregate}, "5"),
        (group, "7"),
        ({"@type": "Product", "offers": specified}, "8"),
    ):
        assert only(source, make_payload(jsonld(product))).values["price"] == Decimal(price)


def test_a_default_that_is_not_of_its_type_is_no_default() -> None:
    page = make_payload(jsonld({"@type": "Product", "name": "x", "offers": {"price": "ask us"}}))
    candidate = only(make_source({"kind": "product"}), page)
    assert "price" not in candidate.values
    assert candidate.errors == ()


def test_a_declared_value_that_is_not_of_its_type_is_an_error_with_its_raw_text() -> None:
    source = make_source({"kind": "product", "fields": {"price": ".price"}})
    candidate = only(source, make_payload("<p class=price>ask  us</p>"))
    assert candidate.errors == (FieldError("price", "decimal", "ask  us".replace("  ", " "), "not a number"),)
    assert "price" not in candidate.values


def test_the_shorthand_of_a_price_gives_a_number_and_its_symbol_the_currency() -> None:
    source = make_source({"kind": "item", "fields": {"price": ".price"}})
    values = only(source, make_payload("<p class=price>1.299,00 €</p>")).values
    assert values == {"price": Decimal("1299.00"), "currency": "EUR"}


def test_an_article_takes_its_defaults_unless_declared() -> None:
    page = (
        '<html lang="en-GB"><head><title>Window</title><meta name="author" content="Ada">'
        '<meta property="article:published_time" content="2026-05-01T10:00:00+02:00">'
        '<meta property="og:image" content="/i.png"></head><body><h1>Head</h1>'
        f"<article><p>{'Some words about the matter at hand. ' * 10}</p></article></body></html>"
    )
    source = make_source({"kind": "article", "fields": {"title": "title"}})
    values = only(source, make_payload(page)).values
    assert values["title"] == "Window"
    assert values["author"] == "Ada"
    assert values["published_at"] == dt.datetime(2026, 5, 1, 8, tzinfo=dt.UTC)
    assert values["language"] == "en"
    assert values["image_url"] == "http://shop.test/i.png"
    assert values["text"].startswith("Some words about")


def test_an_item_has_declared_fields_only() -> None:
    source = make_source({"kind": "item", "fields": {"title": "h1"}})
    assert only(source, make_payload(PRODUCT + "<h1>T</h1>")).values == {"title": "T"}


def test_a_declared_text_keeps_its_paragraphs() -> None:
    source = make_source({"kind": "item", "fields": {"text": "article", "title": "article"}})
    values = only(source, make_payload("<article><p>a</p><p>b  c</p></article>")).values
    assert values == {"text": "a\n\nb c", "title": "a b c"}


def test_css_items_are_records_of_their_own() -> None:
    source = make_source(
        {
            "kind": "product",
            "items": "li",
            "key": ["sku"],
            "fields": {
                "title": "b",
                "sku": {"css": "li", "attr": "data-sku"},
                "link": {"css": "a", "attr": "href", "type": "url"},
            },
        }
    )
    page = (
        '<html lang=de><ul><li data-sku=1><b>A</b><a href="/a">x</a></li><li data-sku=2><b>B</b></li></ul>'
        + PRODUCT
    )
    extraction = extract_page(source, make_payload(page))
    assert [(c.ordinal, c.values["sku"], c.values["title"]) for c in extraction.candidates] == [
        (0, "1", "A"),
        (1, "2", "B"),
    ]
    assert extraction.candidates[0].values["link"] == "http://shop.test/a"
    assert extraction.candidates[1].values["text"] == "B"
    assert "price" not in extraction.candidates[0].values
    assert extraction.selector_hits["link"] == {"css:a@href": 1, NO_HIT: 1}


def json_source(**extract: object):
    fields = {"title": {"jmespath": "name"}, "n": {"type": "integer", "jmespath": "n"}}
    return make_source({"kind": "item", "items": "data.items", "fields": fields, **extract})


def test_json_items_are_records_of_their_own() -> None:
    page = make_json_payload({"data": {"items": [{"name": "a", "n": 1}, {"name": "b", "n": "x"}]}})
    first, second = extract_page(json_source(), page).candidates
    assert first.values == {"title": "a", "n": 1}
    assert second.values == {"title": "b"}
    assert second.errors[0].raw == "x"


def test_an_empty_list_ends_a_listing_and_a_missing_one_is_a_failure() -> None:
    assert extract_page(json_source(), make_json_payload({"data": {"items": []}})).failures == ()
    (failure,) = extract_page(json_source(), make_json_payload({"error": "gone"})).failures
    assert failure.reason == "extract.items 'data.items' found nothing"


def test_css_items_that_match_nothing_are_a_failure() -> None:
    source = make_source({"kind": "item", "items": "li.p", "fields": {"title": "b"}})
    (failure,) = extract_page(source, make_payload("<p>new layout")).failures
    assert "li.p" in failure.reason


@pytest.mark.parametrize("body", [b"", b"<html>Sorry</html>", b'{"data"'])
def test_a_page_that_cannot_be_read_is_a_failure_and_not_an_exception(body: bytes) -> None:
    payload = make_payload(body)
    extraction = extract_page(json_source(), payload)
    assert extraction.candidates == ()
    (failure,) = extraction.failures
    assert (failure.url, failure.payload_hash) == (URL, payload.payload_hash)
    assert failure.reason


def test_pages_limits_which_urls_hold_records() -> None:
    source = make_source({"kind": "product", "pages": r"/things/\d+$"})
    assert extract_page(source, make_payload(PRODUCT, "http://shop.test/list")).candidates == ()
    assert len(extract_page(source, make_payload(PRODUCT)).candidates) == 1


def test_hits_add_up_over_pages_and_progress_is_told() -> None:
    source = make_source({"kind": "item", "fields": {"title": {"from": [{"css": "h1"}, {"css": "h2"}]}}})
    pages = ["<h1>a</h1>", "<h2>b</h2>", "<h1>c</h1><h2>d</h2>", "<p>e</p>", ""]
    told: list[int] = []
    extraction = extract_pages(
        source, [make_payload(page, f"{URL}{n}") for n, page in enumerate(pages)], told.append
    )
    assert extraction.selector_hits["title"] == {"css:h1": 2, "css:h2": 1, NO_HIT: 1}
    assert len(extraction.failures) == 1
    assert told == [1, 2, 3, 4, 5]


def test_an_unusable_selector_names_its_place_in_the_source_file() -> None:
    source = make_source({"kind": "item", "fields": {"title": {"jmespath": "nope(name)"}}})
    with pytest.raises(PermanentError, match=r"source 'shop', extract\.fields\.title: .*nope"):
        extract_page(source, make_json_payload({"name": "x"}))


def test_the_version_follows_the_rules_and_nothing_else() -> None:
    source = make_source({"kind": "item", "fields": {"title": "h1"}})
    same = make_source({"kind": "item", "fields": {"title": {"css": "h1"}}}, min_pages=7)
    other = make_source({"kind": "item", "fields": {"title": "h2"}})
    stricter = make_source({"kind": "item", "fields": {"title": "h1"}}, required=["title"])
    assert extractor_version(source) == extractor_version(same)
    assert len({extractor_version(entry) for entry in (source, other, stricter)}) == 3


def test_a_page_that_is_not_utf8_is_extracted_in_its_own_letters() -> None:
    page = '<html lang="de"><head><meta charset="iso-8859-1"><title>Größe &amp; Maß</title></head><p>x</html>'
    values = only(make_source({"kind": "document"}), make_payload(page.encode("latin-1"))).values
    assert values["title"] == "Größe & Maß"
