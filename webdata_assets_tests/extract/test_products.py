import json
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.schemas.records import AVAILABILITIES
from webdata_assets.stages.extract.document import parse_document
from webdata_assets.stages.extract.products import PRODUCT_FIELDS, product_defaults, states_product
from webdata_assets.stages.extract.products.typed import as_gtin
from webdata_assets.stages.extract.values import ConversionError
from webdata_assets_tests.extract.making import jsonld, make_document

SHOP = """<html lang="en"><head><title>Acme Anvil 20 kg | Shop</title></head><body>
<nav><a href="/sale">Sale from $5.00</a></nav>
<h1>Acme Anvil 20 kg</h1>
<div class="product-info"><del class="old-price">$129.00</del> <span class="price">$99.50</span>
<p>Item No.: <b>AN-2044</b></p><p>Brand: Acme</p><p>EAN: 4006381333931</p>
<p>Shipping: $7.90</p><button>Add to cart</button></div>
<section class="related-products"><a href="/a"><span class="price">$3.10</span></a>
<a href="/b"><span class="price">$3.20</span></a></section></body></html>"""


def values(page: str, url: str = "http://shop.test/things/1") -> dict[str, object]:
    return {name: found.value for name, found in product_defaults(make_document(page, url)).items()}


def test_a_page_without_structured_data_is_read_as_its_reader_does() -> None:
    assert values(SHOP) == {
        "price": Decimal("99.50"),
        "currency": "USD",
        "sku": "AN-2044",
        "gtin": "4006381333931",
        "brand": "Acme",
        "availability": "InStock",
    }


def test_all_fields_are_read_from_a_stated_product() -> None:
    product = {
        "@type": "Product",
        "name": "Anvil",
        "sku": "A1",
        "gtin13": "4006381333931",
        "brand": {"@type": "Brand", "name": "Acme"},
        "image": ["/a.jpg"],
        "aggregateRating": {"ratingValue": "4,5", "reviewCount": "(12 Reviews)"},
        "offers": {"price": "12.50", "priceCurrency": "eur", "availability": "http://schema.org/InStock"},
    }
    assert values(jsonld(product)) == {
        "title": "Anvil",
        "price": Decimal("12.50"),
        "currency": "EUR",
        "sku": "A1",
        "gtin": "4006381333931",
        "brand": "Acme",
        "availability": "InStock",
        "rating": 4.5,
        "rating_count": 12,
        "image_url": "http://shop.test/a.jpg",
    }


@pytest.mark.parametrize("rating", ["4.588", "4,588", "4.588/5", 4.588])
def test_a_rating_has_no_thousands(rating: object) -> None:
    product = {"@type": "Product", "name": "Shelf", "aggregateRating": {"ratingValue": rating}}
    assert values(jsonld(product))["rating"] == 4.588


@pytest.mark.parametrize(
    ("head", "states"),
    [
        (jsonld({"@type": "product", "name": "Shelf"}), True),
        ('<meta property="og:type" content="og:product">', True),
        ('<meta property="og:price:amount" content="5">', True),
        ('<meta property="og:type" content="article">', False),
        (
            '<meta property="og:type" content="article"><meta property="product:price:amount" content="1">',
            False,
        ),
        (jsonld({"@type": "Article", "headline": "Production"}), False),
    ],
)
def test_a_page_states_its_product_by_an_object_a_type_or_a_price(head: str, states: bool) -> None:
    assert states_product(make_document(head)) is states


def test_a_product_can_be_had_when_one_of_its_variants_can() -> None:
    variants = [
        {
            "@type": "Product",
            "name": "Coat",
            "offers": {"price": 5, "availability": f"https://schema.org/{state}"},
        }
        for state in ("OutOfStock", "InStock")
    ]
    assert values(jsonld(*variants))["availability"] == "InStock"


def test_microdata_fills_what_jsonld_leaves_open() -> None:
    page = jsonld({"@type": "Product", "name": "Anvil"}) + (
        '<div itemscope itemtype="http://schema.org/Product"><b itemprop="name">Anvil</b>'
        '<i itemprop="sku">A7</i><p itemprop="offers" itemscope itemtype="http://schema.org/Offer">'
        '<span itemprop="price">1.299,00</span><meta itemprop="priceCurrency" content="EUR"></p></div>'
    )
    found = values(page)
    assert (found["price"], found["currency"], found["sku"]) == (Decimal("1299.00"), "EUR", "A7")


def test_a_sale_price_in_meta_elements_goes_before_the_regular_one() -> None:
    page = (
        '<meta property="product:price:amount" content="20">'
        '<meta property="product:price:currency" content="PLN">'
        '<meta property="product:sale_price:amount" content="15">'
    )
    assert values(page)["price"] == Decimal(15)


def test_a_code_shown_near_the_title_goes_before_one_that_is_stated_only() -> None:
    stated = jsonld({"@type": "Product", "name": "Anvil", "sku": "internal-77", "offers": {"price": 3}})
    assert values(f"{stated}<h1>Anvil</h1><p>Product code: AN-9</p>")["sku"] == "AN-9"
    assert (
        values(f"{stated}<h1>Anvil</h1><p>internal-77</p><p>Part of article no. AN-9</p>")["sku"]
        == "internal-77"
    )


def test_the_identifier_in_the_address_counts_where_the_page_has_a_price_and_nothing_better() -> None:
    page = '<h1>Anvil</h1><div class="price">€ 5,00</div>'
    assert values(page, "http://shop.test/anvil-p884422.html")["sku"] == "884422"
    assert "sku" not in values("<h1>News</h1>", "http://shop.test/news/884422")


@pytest.mark.parametrize(
    ("label", "sku"),
    [
        ("Artikel-Nr.: 4711-B", "4711-B"),
        ("Réf. : VE900", None),
        ("Kód produktu: VR4V1B", "VR4V1B"),
        ("商品編號：M14876706", "M14876706"),
        ("Sku: 480464", "480464"),
        ("Item of the day", None),
        ("SKU", None),
    ],
)
def test_labels_of_identifiers(label: str, sku: str | None) -> None:
    found = values(f"<h1>Anvil</h1><p>{label}</p><p>Description</p>")
    assert found.get("sku") == (sku or found.get("sku"))
    assert sku is not None or found.get("sku") in {None, "VE900"}


@pytest.mark.parametrize(
    ("shown", "price"),
    [
        ('<b class="price">63<sup>07</sup> Lei</b>', "63.07"),
        ('<b class="price"><i>£</i><i>1,299</i></b>', "1299"),
        ('<b class="price">131 990 тг.</b>', "131990"),
        ('<b class="price">€ 206,-</b>', "206"),
        ('<b class="price">CHF 19.50</b>', "19.50"),
    ],
)
def test_ways_to_show_a_price(shown: str, price: str) -> None:
    page = f"<title>Anvil</title><h1>Anvil</h1>{shown}<button>Add to cart</button>"
    assert values(page)["price"] == Decimal(price)


def test_a_price_without_currency_takes_the_one_shown_beside_it_then_that_of_the_site() -> None:
    product = jsonld({"@type": "Product", "name": "Anvil", "offers": {"price": "12.00"}})
    assert values(f"{product}<p>12,00 Kč</p>")["currency"] == "CZK"
    assert values(product, "http://shop.test.se/x")["currency"] == "SEK"
    assert "currency" not in values(product)


def test_a_notice_without_a_button_says_that_the_product_is_gone() -> None:
    page = "<title>Anvil</title><h1>Anvil</h1><p>Currently unavailable.</p>"
    assert values(page)["availability"] == "OutOfStock"
    assert values(f"{page}<button>Add to basket</button>")["availability"] == "InStock"
    assert "availability" not in values("<title>Anvil</title><h1>Anvil</h1><p>Image unavailable</p>")


def test_what_a_template_left_unfilled_is_no_statement() -> None:
    product = {"@type": "Product", "name": "Anvil", "brand": "$metabrand", "sku": "undefined", "gtin": "123"}
    assert values(jsonld(product)) == {"title": "Anvil"}


@pytest.mark.parametrize("gtin", ["4006381333931", "096385074", "ean", "00000000", "4006381333932", ""])
def test_a_gtin_has_a_right_check_digit(gtin: str) -> None:
    if gtin == "4006381333931":
        assert as_gtin(f" {gtin[:6]}-{gtin[6:]} ") == gtin
    else:
        with pytest.raises(ConversionError):
            as_gtin(gtin)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["@type", "name", "offers", "price", "sku", "gtin", "brand", "image", "aggregateRating",
         "ratingValue", "availability", "priceSpecification", "hasVariant"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None)
@given(product=st.dictionaries(st.sampled_from(["name", "offers", "sku", "brand", "gtin", "image"]), _JSON))
def test_whatever_a_product_states_nothing_breaks_and_types_hold(product: dict[str, object]) -> None:
    body = f'<script type="application/ld+json">{json.dumps({"@type": "Product", **product})}</script>'
    found = product_defaults(parse_document("http://shop.test/", body.encode(), "text/html", "html"))
    assert set(found) <= set(PRODUCT_FIELDS)
    for name, each in found.items():
        expected = {"price": Decimal, "rating": float, "rating_count": int}.get(name, str)
        assert type(each.value) is expected
    assert "availability" not in found or found["availability"].value in AVAILABILITIES


@settings(deadline=None)
@given(texts=st.lists(st.text(max_size=40) | st.from_regex(r"[$€£]?[\d.,' ٣]{1,30}(kr|Ft)?", fullmatch=True)))
def test_whatever_a_page_shows_nothing_breaks(texts: list[str]) -> None:
    body = "".join(f'<p class="price">{text.replace("<", "")}</p>' for text in texts)
    product_defaults(make_document(f"<h1>Anvil</h1>{body}"))


@pytest.mark.parametrize(
    "body",
    [
        "<h1>" * 20_000 + "$5",
        "<p>SKU: 123</p>" * 50_000,
        "<p class=price>$5.00</p>" * 50_000,
        '<input type="hidden" name="sku" value="a1b2c3">' * 50_000,
        f'<p class="{"price " * 100_000}">$5</p>',
    ],
    ids=["nested headings", "labels", "prices", "inputs", "a long class"],
)
def test_a_page_made_to_be_slow_is_not(body: str) -> None:
    document = make_document(f"<title>x</title>{body}", f"http://shop.test/{'-a1b2c3' * 2_000}")
    began = time.process_time()
    product_defaults(document)
    assert time.process_time() - began < 5
