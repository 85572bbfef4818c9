"""Any page of no source: what is said of it, and under which names."""

from webdata_assets.stages.extract.any_page import read_any_page
from webdata_assets_tests.extract.making import jsonld, make_payload

TEXT = "<p>The window is open, and one hears the rain in the garden.</p>" * 8
NOTHING = {"title": None, "author": None, "published": None, "language": None}


def said(page: str) -> dict[str, object]:
    return read_any_page(make_payload(page, "http://localhost/"), "fast")


def test_what_a_page_does_not_say_is_null() -> None:
    found = said(f"<article>{TEXT}</article>")
    assert {name: found[name] for name in NOTHING} == NOTHING
    assert "one hears the rain" in str(found["text"])
    assert "price" not in found


def test_a_date_is_the_day_that_the_page_writes_and_not_that_of_utc() -> None:
    stated = jsonld({"@type": "Article", "headline": "A", "datePublished": "2026-05-01T00:30:00+09:00"})
    assert said(f"{stated}<article>{TEXT}</article>")["published"] == "2026-05-01"


def test_the_address_that_the_page_gives_counts() -> None:
    page = f'<link rel=canonical href="https://news.example.com/2026/05/01/rain"><article>{TEXT}</article>'
    assert said(page)["published"] == "2026-05-01"


def test_a_page_that_states_a_product_has_its_fields_as_json() -> None:
    offer = {"price": "1299.00", "priceCurrency": "EUR"}
    found = said(jsonld({"@type": "Product", "name": "A sofa", "gtin13": "4006381333931", "offers": offer}))
    assert (found["name"], found["price"], found["currency"]) == ("A sofa", 1299.0, "EUR")
    assert found["gtin"] == "4006381333931"


def test_texts_are_without_what_no_reader_sees() -> None:
    found = said(
        f"<title>A\u200b quiet\u202e lamp</title><article>{TEXT}<p>The e\u200bnd.\uf004</p></article>"
    )
    assert found["title"] == "A quiet lamp"
    assert str(found["text"]).endswith("The end.")


def test_a_page_that_cannot_be_read_has_an_error_alone() -> None:
    assert said("") == {"error": "empty body"}
    assert said('{"a": 1}').keys() == {"error"}
