import pytest

from webdata_assets.stages.extract.commerce import currency_in, normalise_availability, normalise_currency


@pytest.mark.parametrize(
    ("raw", "availability"),
    [
        ("https://schema.org/InStock", "InStock"),
        ("http://schema.org/OutOfStock", "OutOfStock"),
        ("schema:SoldOut", "OutOfStock"),
        ("InStoreOnly", "InStock"),
        ("PreSale", "PreOrder"),
        ("https://schema.org/LimitedAvailability", "LimitedAvailability"),
        ("Discontinued", "Discontinued"),
        ("in stock", "InStock"),
        ("instock", "InStock"),
        ("In Stock (12 available)", "InStock"),
        ("Only 3 left", "LimitedAvailability"),
        ("sold out", "OutOfStock"),
        ("Currently unavailable", "OutOfStock"),
        ("Not available", "OutOfStock"),
        ("No longer available", "Discontinued"),
        ("Nicht auf Lager", "OutOfStock"),
        ("Auf Lager", "InStock"),
        ("true", "InStock"),
        ("False", "OutOfStock"),
        ("Available for pre-order", "PreOrder"),
        ("ask in the shop", "ask in the shop"),
    ],
)
def test_availability(raw: str, availability: str) -> None:
    assert normalise_availability(raw) == availability


@pytest.mark.parametrize(
    ("raw", "url", "language", "code"),
    [
        ("eur", "", "", "EUR"),
        ("€", "", "", "EUR"),
        ("$", "https://x.com/", "", "USD"),
        ("$", "https://x.ca/", "", "CAD"),
        ("US$", "https://x.ca/", "", "USD"),
        ("kr", "https://x.se/", "", "SEK"),
        ("kr.", "https://x.com/", "da-DK", "DKK"),
        ("kr", "https://x.com/", "en", "KR"),
        ("¥", "https://x.jp/", "", "JPY"),
        ("zł", "", "", "PLN"),
        ("doubloons", "", "", "DOUBLOONS"),
    ],
)
def test_currency(raw: str, url: str, language: str, code: str) -> None:
    assert normalise_currency(raw, url=url, language=language) == code


@pytest.mark.parametrize(
    ("text", "code"), [("1.299,00 €", "EUR"), ("CHF 12", "CHF"), ("12", None), ("12 kr", None)]
)
def test_currency_of_a_price_text(text: str, code: str | None) -> None:
    assert currency_in(text) == code
